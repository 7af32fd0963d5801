-- A name for what comes out in versions.
create table family (
    id          uuid                     not null,
    name        varchar(128)             not null,
    description varchar(2000)            not null,
    created_at  timestamp with time zone not null,
    created_by  varchar(255)             not null,
    updated_at  timestamp with time zone not null,
    version     bigint                   not null,
    constraint family_pk primary key (id),
    constraint family_name_form check (regexp_like(name, '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$')),
    constraint family_version_count_form check (version >= 0)
);

create unique index family_name on family (name);

create table family_label (
    family_id   uuid         not null,
    label_key   varchar(63)  not null,
    label_value varchar(128) not null,
    constraint family_label_pk primary key (family_id, label_key),
    constraint family_label_family_fk foreign key (family_id) references family (id) on delete cascade,
    constraint family_label_key_form check (regexp_like(label_key, '^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$')),
    constraint family_label_value_form check (regexp_like(label_value, '^[A-Za-z0-9._/:@+ -]{0,128}$'))
);

-- An image that was published under a word. Whether it is deprecated or obsolete only these times tell, which may be yet to come.
create table family_version (
    id              uuid                     not null,
    family_id       uuid                     not null,
    word            varchar(128)             not null,
    -- The order of publication within the family, whatever the clocks say.
    ordinal         bigint                   not null,
    -- The image references (id, clonable) as children do: so it can be neither removed, trashed nor unsealed.
    image_id        uuid                     not null,
    image_clonable  boolean                  not null,
    notes           varchar(2000)            not null,
    deprecated_at   timestamp with time zone,
    obsolete_at     timestamp with time zone,
    -- What to use instead, as family:version.
    replacement     varchar(257),
    published_at    timestamp with time zone not null,
    published_by    varchar(255)             not null,
    updated_at      timestamp with time zone not null,
    version         bigint                   not null,
    constraint family_version_pk primary key (id),
    constraint family_version_family_fk foreign key (family_id) references family (id),
    constraint family_version_image_fk foreign key (image_id, image_clonable) references image (id, clonable),
    constraint family_version_image_is_clonable check (image_clonable),
    constraint family_version_image unique (image_id),
    constraint family_version_word unique (family_id, word),
    constraint family_version_ordinal unique (family_id, ordinal),
    constraint family_version_word_form check (
        regexp_like(word, '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$') and lower(word) <> 'latest'),
    constraint family_version_times_form check (
        deprecated_at is null or obsolete_at is null or deprecated_at <= obsolete_at),
    constraint family_version_version_form check (version >= 0)
);

-- The word of a version whose image is yet to come, and goes with that if nothing comes of it.
create table version_reservation (
    image_id    uuid         not null,
    family_id   uuid         not null,
    word        varchar(128) not null,
    reserved_by varchar(255) not null,
    constraint version_reservation_pk primary key (image_id),
    constraint version_reservation_image_fk foreign key (image_id) references image (id) on delete cascade,
    constraint version_reservation_family_fk foreign key (family_id) references family (id),
    constraint version_reservation_word unique (family_id, word)
);

create index family_version_by_replacement on family_version (replacement);

-- The clones of an image that have clones themselves, which are few: what descends from a version is found through them.
create index image_by_parent_and_children on image (parent_id, child_count);
