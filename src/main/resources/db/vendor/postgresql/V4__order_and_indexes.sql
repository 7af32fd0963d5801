-- Names sort by code point, as they do in H2, whatever the locale of the database.
alter table image alter column name type varchar(128) collate "C";
alter table image alter column live_name type varchar(128) collate "C";

-- Sealed images are few among many clones.
create index image_sealed_by_creation on image (created_at, id) where sealed;
