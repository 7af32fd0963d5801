-- How many direct clones an image has, those in the trash too: for views, which would otherwise count the rows of a whole
-- fleet. Rules ask the rows.
alter table image add column child_count bigint default 0 not null;
update image p set child_count = (select count(*) from image c where c.parent_id = p.id)
    where exists (select 1 from image c where c.parent_id = p.id);
alter table image add constraint image_child_count_form check (child_count >= 0);
