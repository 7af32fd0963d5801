package io.cowshed.pool;

import io.cowshed.catalog.ImageEntry;

/**
 * A clone that somebody has asked for.
 *
 * @param isPooled whether it lay ready, rather than was made for him
 */
public record Claimed(ImageEntry image, boolean isPooled) {}
