package io.cowshed.catalog;

import org.jspecify.annotations.Nullable;

/**
 * An image and its place in the graph, at one moment.
 *
 * @param parent null for a base
 * @param depth how many ancestors it has
 * @param children how many images are direct clones of it, those in the trash too
 */
public record ImageEntry(Image image, @Nullable ImageLink parent, int depth, long children) {}
