/**
 * Disks in and out over HTTP: a body streamed in becomes an image without a temporary copy, and an image's content
 * streams out as the guest would read it, any range of it.
 */
@NullMarked
@ApplicationModule(
        allowedDependencies = {
            "problem",
            "http",
            "catalog",
            "volume",
            "database",
            "catalog::web",
            "engine::block",
            "engine::qcow2",
            "engine::qcow2.format"
        })
package io.cowshed.transfer;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
