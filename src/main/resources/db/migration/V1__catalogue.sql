-- A row per image. What two racing transactions could break is a constraint here, not only a check in code.
create table image (
    id                    uuid                     not null,
    name                  varchar(128)             not null,
    -- The name while it is claimed: null in the trash, so that the name is free again.
    live_name             varchar(128),
    description           varchar(2000)            not null,
    -- Name and description in lower case, a line each: what a list filtered by text looks into.
    search_text           varchar(2200)            not null,
    state                 varchar(16)              not null,
    sealed                boolean                  not null,
    protected             boolean                  not null,
    lifetime              varchar(16)              not null,
    expires_at            timestamp with time zone,
    -- Whether children may exist. They reference (id, clonable) as (parent_id, true): so the row can be neither
    -- removed, trashed nor unsealed under them, and none can be added to an image that is not sealed and available.
    clonable              boolean                  not null,
    parent_id             uuid,
    parent_clonable       boolean,
    virtual_size          bigint                   not null,
    allocated_size        bigint                   not null,
    cluster_size          integer                  not null,
    -- What the guest reads, frozen: sealed images only.
    digest                varchar(79),
    -- The last digest computed, and the file (size, modification time) it was computed from.
    known_digest          varchar(79),
    known_digest_size     bigint,
    known_digest_mtime_ns bigint,
    created_at            timestamp with time zone not null,
    created_by            varchar(255)             not null,
    updated_at            timestamp with time zone not null,
    version               bigint                   not null,
    constraint image_pk primary key (id),
    constraint image_id_clonable unique (id, clonable),
    constraint image_parent_fk foreign key (parent_id, parent_clonable) references image (id, clonable),
    constraint image_parent_is_clonable check (
        (parent_id is null and parent_clonable is null) or (parent_id is not null and parent_clonable is not null
            and parent_clonable)),
    constraint image_parent_is_another check (parent_id is null or parent_id <> id),
    constraint image_name_form check (regexp_like(name, '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$')),
    constraint image_live_name_form check (
        (state = 'trashed' and live_name is null)
            or (state <> 'trashed' and live_name is not null and live_name = name)),
    constraint image_state_form check (state in ('creating', 'available', 'trashed', 'error')),
    constraint image_clonable_form check (clonable = (sealed and state = 'available')),
    constraint image_sealed_is_complete check (not sealed or state <> 'creating'),
    constraint image_protected_is_kept check (not (protected and state = 'trashed')),
    constraint image_lifetime_form check (
        (lifetime = 'persistent' and expires_at is null) or (lifetime = 'disposable' and expires_at is not null)),
    constraint image_sizes_form check (
        virtual_size >= 0 and allocated_size >= 0
            and (cluster_size between 512 and 2097152 or (cluster_size = 0 and state in ('creating', 'error')))),
    constraint image_digest_form check (
        (sealed and digest is not null and regexp_like(digest, '^blkhash-sha256:[0-9a-f]{64}$'))
            or (not sealed and digest is null)),
    constraint image_known_digest_form check (
        (known_digest is null and known_digest_size is null and known_digest_mtime_ns is null)
            or (known_digest is not null and regexp_like(known_digest, '^blkhash-sha256:[0-9a-f]{64}$')
                and known_digest_size is not null and known_digest_size >= 0 and known_digest_mtime_ns is not null)),
    constraint image_version_form check (version >= 0)
);

create unique index image_live_name on image (live_name);
create index image_by_parent on image (parent_id, created_at, id);
create index image_by_creation on image (created_at, id);
create index image_by_name on image (name, id);
create index image_by_virtual_size on image (virtual_size, id);
create index image_by_state on image (state, created_at, id);

create table image_label (
    image_id    uuid         not null,
    label_key   varchar(63)  not null,
    label_value varchar(128) not null,
    constraint image_label_pk primary key (image_id, label_key),
    constraint image_label_image_fk foreign key (image_id) references image (id) on delete cascade,
    constraint image_label_key_form check (regexp_like(label_key, '^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$')),
    constraint image_label_value_form check (regexp_like(label_value, '^[A-Za-z0-9._/:@+ -]{0,128}$'))
);

create index image_label_by_value on image_label (label_key, label_value, image_id);
