-- When an image went to the trash: what is purged first.
alter table image add column trashed_at timestamp with time zone;
update image set trashed_at = updated_at where state = 'trashed';
alter table image add constraint image_trashed_at_form check (
    (state = 'trashed' and trashed_at is not null) or (state <> 'trashed' and trashed_at is null));

-- A parent that is to go to the trash with the last of its children, and gets no new ones.
alter table image add column remove_when_childless boolean default false not null;
alter table image add constraint image_remove_when_childless_form check (
    not remove_when_childless or (clonable and not protected));

create index image_by_trashing on image (trashed_at, id);
create index image_by_leaving on image (remove_when_childless, child_count);

-- True where the operation is about to remove the image, which gets no more children meanwhile.
alter table operation_claim add column removes boolean default false not null;
alter table operation_claim add constraint operation_claim_removes_form check (
    not removes or exclusive_image_id is not null);
