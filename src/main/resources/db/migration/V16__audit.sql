-- An operation may be about the volume as a whole.
alter table operation alter column subject_id drop not null;

-- The catalogue compared with the volume, by an operation: how far that is. What is asked for is in the operation's request.
create table volume_audit (
    operation_id uuid        not null,
    -- Not null while the operation is not over: one at a time.
    live         boolean,
    step         varchar(16) not null,
    -- The last image that was looked at.
    after_image  uuid,
    images       bigint      not null,
    verified     bigint      not null,
    skipped      bigint      not null,
    files        bigint      not null,
    constraint volume_audit_pk primary key (operation_id),
    constraint volume_audit_operation_fk foreign key (operation_id) references operation (id) on delete cascade,
    constraint volume_audit_one_at_a_time unique (live),
    constraint volume_audit_live_form check (live is null or live),
    constraint volume_audit_step_form check (step in ('images', 'files', 'mending', 'over'))
);

-- How many of each kind were found, and mended: also of those that are too many to be listed.
create table audit_count (
    audit_id uuid        not null,
    kind     varchar(32) not null,
    found    bigint      not null,
    mended   bigint      not null,
    constraint audit_count_pk primary key (audit_id, kind),
    constraint audit_count_audit_fk foreign key (audit_id) references volume_audit (operation_id) on delete cascade
);

create table audit_finding (
    audit_id   uuid          not null,
    number     bigint        not null,
    kind       varchar(32)   not null,
    image_id   uuid,
    image_name varchar(128),
    file       varchar(1024) not null,
    detail     varchar(2000) not null,
    -- What became of it, where something was to be done; and why not more.
    outcome    varchar(16),
    reason     varchar(2000),
    constraint audit_finding_pk primary key (audit_id, number),
    constraint audit_finding_audit_fk foreign key (audit_id) references volume_audit (operation_id) on delete cascade,
    constraint audit_finding_outcome_form check (outcome is null or outcome in ('mended', 'kept', 'passed'))
);
