/**
 * The numbers that only the database or the volume knows, for those who watch the service. Features count what they do where
 * they do it; what there <em>is</em> they tell in a {@link io.cowshed.metrics.Census}, which is taken beside all else every few
 * seconds: so a scrape asks nobody and waits for nothing, and a fleet is not counted more often because more people look.
 */
@NullMarked
@ApplicationModule(allowedDependencies = {})
package io.cowshed.metrics;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
