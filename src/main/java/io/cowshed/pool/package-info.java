/**
 * Clones that are made before somebody asks for them. A {@link io.cowshed.pool.Pool} says how many clones of a family's latest
 * version lie ready; {@link io.cowshed.pool.PoolClaims} hand one over, or make one where none is left;
 * {@link io.cowshed.pool.PoolUpkeep} makes what is missing and removes what is too much or too old. A clone in a pool is an
 * ordinary image: whoever changes, attaches or removes it only takes it out of the pool.
 */
@NullMarked
@ApplicationModule(
        allowedDependencies = {"problem", "metrics", "http", "database", "event", "catalog", "catalog::web", "cow"})
package io.cowshed.pool;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
