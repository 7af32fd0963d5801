package io.cowshed.pool;

import org.jspecify.annotations.Nullable;

/**
 * A pool and what is in it, at one moment.
 *
 * @param ready how many clones can be taken
 * @param latest the word of the version that they lie on; null where the family has none that is active
 */
public record PoolEntry(Pool pool, int ready, @Nullable String latest) {}
