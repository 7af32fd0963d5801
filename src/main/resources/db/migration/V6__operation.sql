-- Work that takes time. Its row commits together with the rule check that allowed it, and with the job that runs it.
create table operation (
    id               uuid                     not null,
    kind             varchar(32)              not null,
    -- The image that it is about, which may be gone by the time that it is over, and its name when it was asked for.
    subject_id       uuid                     not null,
    subject_name     varchar(128)             not null,
    -- What was asked for, in JSON, with all that has to be the same in every attempt.
    request          text                     not null,
    state            varchar(16)              not null,
    cancel_requested boolean                  not null,
    -- Grows with each attempt. Whoever works on it writes only while this number is still his.
    attempt          bigint                   not null,
    -- Whether the images may have changed: then it is neither cancelled nor fails, in this attempt or a later one.
    turned           boolean                  not null,
    done_bytes       bigint                   not null,
    total_bytes      bigint,
    bytes_per_second bigint,
    result           text,
    problem          text,
    created_at       timestamp with time zone not null,
    created_by       varchar(255)             not null,
    started_at       timestamp with time zone,
    finished_at      timestamp with time zone,
    -- Grows with whatever is seen from outside: the id of an event.
    version          bigint                   not null,
    constraint operation_pk primary key (id),
    constraint operation_state_form check (state in ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
    constraint operation_finish_form check (
        (state in ('queued', 'running') and finished_at is null and result is null and problem is null)
            or (state = 'succeeded' and finished_at is not null and problem is null)
            or (state = 'failed' and finished_at is not null and result is null and problem is not null)
            or (state = 'cancelled' and finished_at is not null and result is null and problem is null)),
    constraint operation_bytes_form check (done_bytes >= 0 and (total_bytes is null or total_bytes >= 0))
);

create index operation_by_creation on operation (created_at, id);
create index operation_by_subject on operation (subject_id, created_at, id);
create index operation_by_state on operation (state, created_at, id);

-- What an operation that is not over works on, reads, or will point to. No image goes away under a claim.
create table operation_claim (
    operation_id       uuid    not null,
    image_id           uuid    not null,
    -- The image itself, where the operation changes it: one at a time may.
    exclusive_image_id uuid,
    -- True where the image must stay sealed and available, as children need it.
    image_clonable     boolean,
    constraint operation_claim_pk primary key (operation_id, image_id),
    constraint operation_claim_operation_fk foreign key (operation_id) references operation (id) on delete cascade,
    constraint operation_claim_image_fk foreign key (image_id) references image (id),
    constraint operation_claim_clonable_fk foreign key (image_id, image_clonable) references image (id, clonable),
    constraint operation_claim_exclusive unique (exclusive_image_id),
    constraint operation_claim_exclusive_form check (exclusive_image_id is null or exclusive_image_id = image_id),
    constraint operation_claim_clonable_form check (image_clonable is null or image_clonable)
);

create index operation_claim_by_image on operation_claim (image_id);

-- The queue, as db-scheduler 16 defines it.
create table scheduled_tasks (
    task_name            varchar(100)             not null,
    task_instance        varchar(100)             not null,
    task_data            bytea,
    execution_time       timestamp with time zone not null,
    picked               boolean                  not null,
    picked_by            varchar(50),
    last_success         timestamp with time zone,
    last_failure         timestamp with time zone,
    consecutive_failures integer,
    last_heartbeat       timestamp with time zone,
    version              bigint                   not null,
    priority             smallint,
    constraint scheduled_tasks_pk primary key (task_name, task_instance)
);

create index scheduled_tasks_by_execution on scheduled_tasks (execution_time);
create index scheduled_tasks_by_heartbeat on scheduled_tasks (last_heartbeat);
