/**
 * Clears away what nobody needs any more: what crashes left behind on the volume and in the catalogue, disposable images whose
 * time is over, and what has been in the trash for long enough.
 */
@NullMarked
@ApplicationModule(
        allowedDependencies = {"problem", "database", "event", "catalog", "catalog::web", "operation", "cow", "volume"})
package io.cowshed.retention;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
