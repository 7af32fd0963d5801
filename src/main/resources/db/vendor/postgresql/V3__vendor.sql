-- One row, made here so that it is made once: the volume's marker must name the same installation.
create table installation (
    singleton boolean default true not null,
    id        uuid                 not null,
    constraint installation_pk primary key (singleton),
    constraint installation_is_one check (singleton)
);

insert into installation (id) values (gen_random_uuid());

-- Names sort by code point, as they do in H2, whatever the locale of the database.
alter table image alter column name type varchar(128) collate "C";
alter table image alter column live_name type varchar(128) collate "C";

-- Sealed images are few among many clones.
create index image_sealed_by_creation on image (created_at, id) where sealed;
