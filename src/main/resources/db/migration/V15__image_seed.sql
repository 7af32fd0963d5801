-- The seed disk of an image, and what it was made from. Whoever changes it has locked the image's row, which is why nobody
-- gives an image that is on its way out another one.
create table image_seed (
    image_id       uuid                     not null,
    -- Which file it is: another seed disk for the same image is another file.
    file_number    bigint                   not null,
    instance_id    varchar(255)             not null,
    user_data      varchar(65536),
    meta_data      varchar(16384),
    network_config varchar(16384),
    created_at     timestamp with time zone not null,
    created_by     varchar(255)             not null,
    constraint image_seed_pk primary key (image_id),
    constraint image_seed_image_fk foreign key (image_id) references image (id) on delete cascade,
    constraint image_seed_file_number_form check (file_number > 0)
);
