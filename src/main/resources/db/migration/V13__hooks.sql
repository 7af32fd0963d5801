-- Where a CI system says what becomes of its jobs, and the rules by which these get disks.
create table hook (
    id                uuid                     not null,
    name              varchar(128)             not null,
    provider          varchar(16)              not null,
    -- What becomes of the disks of a job that has ended.
    on_completion     varchar(16)              not null,
    -- Both in JSON; a mapping for those of no known provider alone.
    rules             text                     not null,
    mapping           text,
    -- Encrypted; the one before is taken until old_secret_until.
    secret            varchar(1024)            not null,
    old_secret        varchar(1024),
    old_secret_until  timestamp with time zone,
    secret_changed_at timestamp with time zone not null,
    created_at        timestamp with time zone not null,
    created_by        varchar(255)             not null,
    updated_at        timestamp with time zone not null,
    version           bigint                   not null,
    constraint hook_pk primary key (id),
    constraint hook_name unique (name),
    constraint hook_provider_form check (provider in ('github', 'gitlab', 'generic')),
    constraint hook_on_completion_form check (on_completion in ('purge', 'trash')),
    constraint hook_mapping_form check (
        (provider = 'generic' and mapping is not null) or (provider <> 'generic' and mapping is null)),
    constraint hook_old_secret_form check (
        (old_secret is null and old_secret_until is null)
            or (old_secret is not null and old_secret_until is not null))
);

-- A job that disks were made for, or that ended first: it gets none any more. Whoever decides about it locks its row.
create table ci_job (
    hook_id             uuid                     not null,
    job_key             varchar(255)             not null,
    -- When its disks were made; null where it ended first.
    prepared_at         timestamp with time zone,
    started_at          timestamp with time zone,
    ended_at            timestamp with time zone,
    failed              boolean,
    -- How long its disks are kept if it fails, by the rule that made them; null for not at all.
    keep_failed_seconds bigint,
    updated_at          timestamp with time zone not null,
    constraint ci_job_pk primary key (hook_id, job_key),
    constraint ci_job_hook_fk foreign key (hook_id) references hook (id) on delete cascade,
    constraint ci_job_end_form check (
        (ended_at is null and failed is null) or (ended_at is not null and failed is not null)),
    constraint ci_job_keep_form check (keep_failed_seconds is null or keep_failed_seconds > 0)
);

create index ci_job_by_update on ci_job (updated_at);

-- The disks of jobs, until nothing is to be done about them any more.
create table ci_disk (
    image_id   uuid         not null,
    -- As it was made with.
    image_name varchar(128) not null,
    hook_id    uuid         not null,
    job_key    varchar(255) not null,
    -- What the end of the job entails for it, and when to try that.
    task       varchar(16),
    kept_until timestamp with time zone,
    due_at     timestamp with time zone,
    constraint ci_disk_pk primary key (image_id),
    constraint ci_disk_image_fk foreign key (image_id) references image (id) on delete cascade,
    constraint ci_disk_job_fk foreign key (hook_id, job_key) references ci_job (hook_id, job_key) on delete cascade,
    constraint ci_disk_task_form check (
        (task is null and due_at is null and kept_until is null)
            or (task in ('purge', 'trash') and due_at is not null and kept_until is null)
            or (task = 'keep' and due_at is not null and kept_until is not null))
);

create index ci_disk_by_job on ci_disk (hook_id, job_key);
create index ci_disk_by_due on ci_disk (due_at, image_id);

-- What was received, and what came of it. A provider that sends the same again is told that.
create table hook_delivery (
    id           uuid                     not null,
    hook_id      uuid                     not null,
    -- What its sender calls it by.
    delivery_key varchar(255)             not null,
    received_at  timestamp with time zone not null,
    event        varchar(128)             not null,
    action       varchar(128)             not null,
    job_key      varchar(255),
    outcome      varchar(16)              not null,
    -- Why, in words.
    reason       varchar(1000),
    -- Both in JSON.
    images       text                     not null,
    problem      text,
    body         text                     not null,
    replayed_at  timestamp with time zone,
    constraint hook_delivery_pk primary key (id),
    constraint hook_delivery_key unique (hook_id, delivery_key),
    constraint hook_delivery_hook_fk foreign key (hook_id) references hook (id) on delete cascade,
    constraint hook_delivery_outcome_form check (
        outcome in ('created', 'removed', 'kept', 'recorded', 'ignored', 'refused')),
    constraint hook_delivery_problem_form check (
        (outcome = 'refused' and problem is not null) or (outcome <> 'refused' and problem is null))
);

create index hook_delivery_by_arrival on hook_delivery (hook_id, received_at, id);
create index hook_delivery_by_age on hook_delivery (received_at);
