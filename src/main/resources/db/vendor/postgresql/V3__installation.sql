-- One row, made here so that it is made once: the volume's marker must name the same installation.
create table installation (
    singleton boolean default true not null,
    id        uuid                 not null,
    constraint installation_pk primary key (singleton),
    constraint installation_is_one check (singleton)
);

insert into installation (id) values (gen_random_uuid());
