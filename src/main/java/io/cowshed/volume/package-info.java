/**
 * The shared volume: where the files of images lie and how they come and go. {@link io.cowshed.volume.Volume} hands out
 * files: new ones, which appear under their image's name whole and durable or not at all; existing ones to read; and
 * existing ones held against every QEMU, to be sealed, thawed or removed. What a crash leaves behind is swept up later, and
 * only ever on the word of the catalogue, which callers bring along: this module knows file names and locks, no images.
 */
@NullMarked
@ApplicationModule(
        allowedDependencies = {
            "problem",
            "metrics",
            "database",
            "engine::block",
            "engine::posix",
            "engine::qcow2",
            "engine::qcow2.format"
        })
package io.cowshed.volume;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
