/**
 * Whether this replica can do its work: what load balancers ask ({@code /actuator/health/readiness}), answered in bounded time
 * whatever hangs, and how it takes its leave of them.
 */
@NullMarked
@ApplicationModule(allowedDependencies = {"problem", "database", "volume"})
package io.cowshed.health;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
