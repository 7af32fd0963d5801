-- Who has an image, to open it on the volume himself, until when.
create table attachment (
    id              uuid                     not null,
    -- The image, which may be gone by the time that this is over, and its name when it was attached.
    image_id        uuid                     not null,
    image_name      varchar(128)             not null,
    holder          varchar(255)             not null,
    access          varchar(2)               not null,
    on_detach       varchar(8)               not null,
    -- Where the holder sees the volume; null for where this service sees it.
    mount           varchar(1024),
    state           varchar(16)              not null,
    ttl_seconds     bigint                   not null,
    created_at      timestamp with time zone not null,
    created_by      varchar(255)             not null,
    heartbeat_at    timestamp with time zone not null,
    expires_at      timestamp with time zone not null,
    ended_at        timestamp with time zone,
    ended_by        varchar(255),
    end_reason      varchar(500),
    -- What the file had become that nobody had told the catalogue, in JSON.
    drift           text,
    -- What became of the image.
    outcome         varchar(8),
    -- The image from the beginning until all that the end entails has been done: it can neither go nor change so long.
    held_image_id   uuid,
    -- The same, where it is held to be written to: one at a time may.
    writer_image_id uuid,
    -- When to look after it: once its time is over, or, as it has ended, at once.
    due_at          timestamp with time zone,
    version         bigint                   not null,
    constraint attachment_pk primary key (id),
    constraint attachment_image_fk foreign key (held_image_id) references image (id),
    constraint attachment_writer unique (writer_image_id),
    constraint attachment_access_form check (access in ('ro', 'rw')),
    constraint attachment_on_detach_form check (on_detach in ('keep', 'trash', 'delete')),
    constraint attachment_state_form check (
        (state = 'active' and ended_at is null and ended_by is null and end_reason is null and held_image_id is not null)
            or (state in ('detached', 'broken', 'lapsed') and ended_at is not null)),
    constraint attachment_outcome_form check (
        outcome is null or outcome in ('kept', 'trashed', 'deleted', 'leaving')),
    constraint attachment_held_form check (
        (held_image_id is null and due_at is null and outcome is not null)
            or (held_image_id is not null and due_at is not null and outcome is null and held_image_id = image_id)),
    constraint attachment_writer_form check (
        (writer_image_id is null and (access = 'ro' or held_image_id is null))
            or (writer_image_id is not null and held_image_id is not null and access = 'rw'
                and writer_image_id = held_image_id)),
    constraint attachment_ttl_form check (ttl_seconds > 0)
);

create index attachment_by_hold on attachment (held_image_id);
create index attachment_by_due on attachment (due_at, id);
create index attachment_by_end on attachment (ended_at);
create index attachment_by_creation on attachment (created_at, id);
create index attachment_by_image on attachment (image_id, created_at, id);
create index attachment_by_holder on attachment (holder, created_at, id);

-- How many have it, for views and lists, which would otherwise go through the rows of a whole fleet. Rules ask the rows.
alter table image add column attachment_count bigint default 0 not null;
alter table image add constraint image_attachment_count_form check (attachment_count >= 0);
create index image_by_attachments on image (attachment_count, created_at, id);

-- What is wrong with the file of an image in the state error.
alter table image add column fault varchar(1000);
alter table image add constraint image_fault_form check (state <> 'available' or fault is null);
