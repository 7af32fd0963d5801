/**
 * Disk images, with no Spring in sight: reads and writes QCOW2 and raw files, alone and in backing chains. Everything
 * here works on a {@link io.cowshed.engine.block.BlockFile} that the caller opened, and follows a backing file only
 * through the {@link io.cowshed.engine.block.BackingResolver} that the caller passed.
 */
@NullMarked
@ApplicationModule(allowedDependencies = {})
package io.cowshed.engine;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
