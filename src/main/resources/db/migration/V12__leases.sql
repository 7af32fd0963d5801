-- What a disposable image may: how long it lives, and what becomes of it then.
-- Since when the longest life is counted: the image's making, or its return from the trash.
alter table image add column lease_from timestamp with time zone;
alter table image add column on_expire varchar(16);
-- What a copy is to be called that is made before the image goes; null for none.
alter table image add column copy_before_delete varchar(128);
-- The operation that makes it, and the file (size and modification time) that it was asked for.
alter table image add column copy_operation uuid;
alter table image add column copy_stamp varchar(64);
-- When to announce that it will go, and when that was done.
alter table image add column expiry_warn_at timestamp with time zone;
alter table image add column expiry_warned_at timestamp with time zone;
-- When to look at it next; null where nothing is to be done any more.
alter table image add column expiry_due_at timestamp with time zone;
-- What kept it when it was to go, and how often.
alter table image add column expiry_hold varchar(16);
alter table image add column expiry_hold_detail varchar(1000);
alter table image add column expiry_attempts integer;

update image set lease_from = created_at, on_expire = 'trash', expiry_warn_at = expires_at, expiry_attempts = 0,
        expiry_due_at = case when state = 'trashed' then null else expires_at end
    where lifetime = 'disposable';

alter table image drop constraint image_lifetime_form;
alter table image add constraint image_lifetime_form check (
    (lifetime = 'persistent' and expires_at is null and lease_from is null and on_expire is null
            and copy_before_delete is null and copy_operation is null and copy_stamp is null
            and expiry_warn_at is null and expiry_warned_at is null and expiry_due_at is null
            and expiry_hold is null and expiry_hold_detail is null and expiry_attempts is null)
        or (lifetime = 'disposable' and expires_at is not null and lease_from is not null and on_expire is not null
            and expiry_warn_at is not null and expiry_attempts is not null));
alter table image add constraint image_on_expire_form check (
    on_expire is null or on_expire in ('trash', 'delete', 'keep-and-flag'));
alter table image add constraint image_expiry_hold_form check (
    (expiry_hold is null and expiry_hold_detail is null)
        or (expiry_hold is not null and expiry_hold_detail is not null and expiry_hold in ('attached', 'in-use', 'busy',
            'children', 'protected', 'published', 'copying', 'copy-failed', 'kept', 'failed')));
alter table image add constraint image_copy_operation_form check (
    (copy_operation is null and copy_stamp is null)
        or (copy_operation is not null and copy_stamp is not null and copy_before_delete is not null));
-- Whatever has an end is looked at, but for what is in the trash, or kept for somebody to decide.
alter table image add constraint image_expiry_due_form check (
    lifetime = 'persistent' or expiry_due_at is not null or state = 'trashed' or (expiry_hold is not null and expiry_hold = 'kept'));

create index image_by_expiry on image (expiry_due_at, id);
create index image_by_expiry_warning on image (expiry_warned_at);
