package io.cowshed.catalog;

/** The constraints of the schema that a race can violate, as the migrations name them. */
final class Constraint {

    /** No two images that are not in the trash have the same name. */
    static final String LIVE_NAME = "image_live_name";

    /** The parent of an image exists, is sealed and is available. */
    static final String PARENT = "image_parent_fk";

    /** An image that is a version of a family is sealed and available. */
    static final String VERSION_IMAGE = "family_version_image_fk";

    /** No two families have the same name. */
    static final String FAMILY_NAME = "family_name";

    private Constraint() {}
}
