/** Stub. */
@NullMarked
@ApplicationModule(allowedDependencies = {"problem"})
package io.cowshed.volume;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
