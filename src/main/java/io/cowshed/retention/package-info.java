/** Clears away what nobody needs any more: here, what crashes left behind on the volume and in the catalogue. */
@NullMarked
@ApplicationModule(allowedDependencies = {"catalog", "volume"})
package io.cowshed.retention;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
