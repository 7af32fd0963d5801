-- Who did what, when and from where: written by the transaction that does it. A place to put things down, with no index but
-- its key, because every change of an image pays for it.
create table event_inbox (
    id             uuid                     not null,
    type           varchar(48)              not null,
    subject_kind   varchar(16)              not null,
    subject_id     uuid                     not null,
    subject_name   varchar(128)             not null,
    principal      varchar(255)             not null,
    request_id     varchar(128),
    remote_address varchar(64),
    happened_at    timestamp with time zone not null,
    data           text                     not null,
    constraint event_inbox_pk primary key (id)
);

-- What was in the inbox, with a place in one order of all. Places are given one transaction after the other, to what is
-- committed: so whoever has read up to one has missed nothing before it, however long a writer took to commit.
create table event (
    position       bigint                   not null,
    id             uuid                     not null,
    type           varchar(48)              not null,
    subject_kind   varchar(16)              not null,
    subject_id     uuid                     not null,
    subject_name   varchar(128)             not null,
    principal      varchar(255)             not null,
    request_id     varchar(128),
    remote_address varchar(64),
    happened_at    timestamp with time zone not null,
    data           text                     not null,
    constraint event_pk primary key (position),
    constraint event_id_once unique (id)
);

create index event_by_subject on event (subject_id, position);
create index event_by_principal on event (principal, position);
create index event_by_type on event (type, position);
create index event_by_time on event (happened_at, position);

-- The last place that was given, and the last that was looked at for subscriptions. Whoever locks a row does that work.
create table event_head (
    name     varchar(16) not null,
    position bigint      not null,
    constraint event_head_pk primary key (name)
);

insert into event_head (name, position) values ('log', 0);
insert into event_head (name, position) values ('fan-out', 0);

-- Who wants to be told, and of what.
create table subscription (
    id              uuid                     not null,
    url             varchar(2000)            not null,
    description     varchar(2000)            not null,
    -- Patterns with commas between them; empty for every type.
    types           varchar(2000)            not null,
    subject_id      uuid,
    labels          varchar(4000),
    state           varchar(16)              not null,
    disabled_reason varchar(500),
    -- In words that can be read: a signature cannot be made from a hash.
    secret          varchar(128)             not null,
    previous_secret varchar(128),
    previous_until  timestamp with time zone,
    -- Tries that failed since the last that did not, since when, and until when nothing is tried therefore.
    failures        integer                  not null,
    failing_since   timestamp with time zone,
    retry_at        timestamp with time zone,
    -- The last place that was given before it was made: it is told of what comes after.
    after_position  bigint                   not null,
    -- Places still to be gone through again: from the one after this, up to that.
    replay_after    bigint,
    replay_until    bigint,
    created_at      timestamp with time zone not null,
    created_by      varchar(255)             not null,
    updated_at      timestamp with time zone not null,
    version         bigint                   not null,
    constraint subscription_pk primary key (id),
    constraint subscription_state_form check (state in ('active', 'paused', 'disabled')),
    constraint subscription_disabled_form check (
        (state = 'disabled' and disabled_reason is not null) or (state <> 'disabled' and disabled_reason is null)),
    constraint subscription_secret_form check (
        (previous_secret is null and previous_until is null)
            or (previous_secret is not null and previous_until is not null)),
    constraint subscription_failing_form check (
        (failures = 0 and failing_since is null and retry_at is null)
            or (failures > 0 and failing_since is not null and retry_at is not null)),
    constraint subscription_replay_form check (
        (replay_after is null and replay_until is null) or (replay_after is not null and replay_until is not null))
);

-- One event on its way to one subscription.
create table delivery (
    id              uuid                     not null,
    subscription_id uuid                     not null,
    event_id        uuid                     not null,
    state           varchar(16)              not null,
    -- How often it was begun to be sent. Whoever sends it writes down a failure only while this number is still his.
    attempts        bigint                   not null,
    -- How many of these belong to the round of tries that is going on, and when the first of them was begun: a replay begins
    -- another round, and so does a subscription that is resumed.
    tries           bigint                   not null,
    trying_since    timestamp with time zone,
    -- When it may be sent; while it is being sent, when others may take it that the sender has died.
    due_at          timestamp with time zone,
    created_at      timestamp with time zone not null,
    ended_at        timestamp with time zone,
    last_at         timestamp with time zone,
    last_status     integer,
    last_millis     bigint,
    last_error      varchar(500),
    last_answer     varchar(1000),
    constraint delivery_pk primary key (id),
    constraint delivery_once unique (subscription_id, event_id),
    constraint delivery_subscription_fk foreign key (subscription_id) references subscription (id) on delete cascade,
    constraint delivery_event_fk foreign key (event_id) references event (id) on delete cascade,
    constraint delivery_round_form check (
        (tries = 0 and trying_since is null) or (tries > 0 and trying_since is not null)),
    constraint delivery_state_form check (
        (state = 'pending' and due_at is not null and ended_at is null)
            or (state in ('delivered', 'dead') and due_at is null and ended_at is not null))
);

create index delivery_by_due on delivery (subscription_id, state, due_at);
create index delivery_by_event on delivery (event_id);
create index delivery_by_end on delivery (ended_at);
