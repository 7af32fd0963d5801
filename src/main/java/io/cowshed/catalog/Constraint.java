package io.cowshed.catalog;

/** The constraints of the schema that a race can violate, as the migrations name them. */
final class Constraint {

    /** No two images that are not in the trash have the same name. */
    static final String LIVE_NAME = "image_live_name";

    /** The parent of an image exists, is sealed and is available. */
    static final String PARENT = "image_parent_fk";

    private Constraint() {}
}
