package io.cowshed.catalog;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An image and its place in the graph, at one moment.
 *
 * @param parent null for a base
 * @param depth how many ancestors it has
 * @param children how many images are direct clones of it, those in the trash too
 * @param operation what changes it at the moment; null for nothing
 * @param seed null where it has no seed disk
 * @param version that it is; null for none
 * @param versionOfParent that its parent is; null for none
 */
public record ImageEntry(
        Image image,
        @Nullable ImageLink parent,
        int depth,
        long children,
        @Nullable UUID operation,
        @Nullable SeedLink seed,
        @Nullable FamilyVersion version,
        @Nullable FamilyVersion versionOfParent) {

    /** The same image, with a seed disk. */
    public ImageEntry with(SeedLink newSeed) {
        return new ImageEntry(image, parent, depth, children, operation, newSeed, version, versionOfParent);
    }
}
