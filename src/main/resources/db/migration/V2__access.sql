create table access_token (
    id           uuid                     not null,
    name         varchar(128)             not null,
    role         varchar(16)              not null,
    -- SHA-256 of the secret, in hex: the secret itself is shown once and never kept.
    secret_hash  varchar(64)              not null,
    created_at   timestamp with time zone not null,
    created_by   varchar(255)             not null,
    expires_at   timestamp with time zone,
    revoked_at   timestamp with time zone,
    last_used_at timestamp with time zone,
    constraint access_token_pk primary key (id),
    constraint access_token_role_form check (role in ('reader', 'operator', 'admin')),
    constraint access_token_hash_form check (regexp_like(secret_hash, '^[0-9a-f]{64}$'))
);

create unique index access_token_secret_hash on access_token (secret_hash);
create index access_token_by_creation on access_token (created_at, id);

-- One row per request that carried an Idempotency-Key: who is at work on it until when, then its answer.
create table idempotency (
    principal       varchar(255)             not null,
    idempotency_key varchar(255)             not null,
    fingerprint     varchar(64)              not null,
    attempt         uuid                     not null,
    lease_until     timestamp with time zone not null,
    status          integer,
    headers         varchar,
    body            text,
    created_at      timestamp with time zone not null,
    constraint idempotency_pk primary key (principal, idempotency_key),
    constraint idempotency_status_form check (status is null or status between 100 and 599)
);

create index idempotency_by_creation on idempotency (created_at);
