package io.cowshed.cow;

import io.cowshed.catalog.Image;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * How the new file of an image is to be.
 *
 * @param parent what it is to lie on; null for nothing
 * @param known an image with the parent's very content, which the old file lies on: nothing need be compared then. Else
 *     the parent itself
 * @param thorough whether the image's own clusters are looked at, too, and left out where they say nothing
 * @param freeSpace whether what the guest's file systems do not use becomes zeros
 */
record Rework(@Nullable UUID parent, @Nullable UUID known, boolean thorough, boolean freeSpace) {

    /** The same disk on another parent, or on none. */
    static Rework onto(@Nullable UUID parent) {
        return new Rework(parent, parent, false, false);
    }

    /** The same disk on a parent that has the content of the one it has. */
    static Rework repointed(Image image, UUID parent) {
        return new Rework(parent, image.parentId(), false, false);
    }

    /** The same disk on the parent it has, without what says nothing; what the guest does not use, a sealed image keeps. */
    static Rework sparsified(Image image) {
        return new Rework(image.parentId(), image.parentId(), true, !image.isSealed());
    }
}
