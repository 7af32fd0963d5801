-- How many clones of a family's latest version lie ready. The pool goes with the family, or by itself; its clones follow, since
-- whoever tends pools removes those that belong to none.
create table pool (
    family_id  uuid                     not null,
    pool_size  integer                  not null,
    created_at timestamp with time zone not null,
    created_by varchar(255)             not null,
    updated_at timestamp with time zone not null,
    version    bigint                   not null,
    constraint pool_pk primary key (family_id),
    constraint pool_family_fk foreign key (family_id) references family (id) on delete cascade,
    constraint pool_size_form check (pool_size >= 0 and pool_size <= 1000),
    constraint pool_version_form check (version >= 0)
);

-- A clone that lies ready. It is one only while the image has the version that it was made with.
create table pool_image (
    image_id      uuid   not null,
    image_version bigint not null,
    family_id     uuid   not null,
    -- The image that is the version which the clone lies on.
    parent_id     uuid   not null,
    constraint pool_image_pk primary key (image_id),
    constraint pool_image_image_fk foreign key (image_id) references image (id) on delete cascade
);

create index pool_image_by_parent on pool_image (family_id, parent_id, image_id);
