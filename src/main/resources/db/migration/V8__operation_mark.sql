-- The word that an attempt left for later ones, to see by it what it may have changed in an image.
alter table operation add column mark varchar(64);
