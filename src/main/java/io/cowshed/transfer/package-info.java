/**
 * Disks in and out over HTTP: a body streamed in becomes an image without a temporary copy, and an image's content
 * streams out as the guest would read it, any range of it.
 */
@NullMarked
@ApplicationModule(
        allowedDependencies = {"problem", "http", "catalog", "volume", "engine::block", "engine::qcow2", "engine::posix"
        })
package io.cowshed.transfer;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
