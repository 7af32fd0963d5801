/**
 * What outlives the database. {@link io.cowshed.rescue.CatalogueExport} keeps on the volume what the catalogue knows of images
 * and their files do not say. From that and the files, {@code rescue} makes the catalogue anew; {@code adopt} brings chains of
 * images that were made elsewhere into it. Both are commands, run by {@link io.cowshed.rescue.OfflineCommand} without the
 * service.
 */
@NullMarked
@ApplicationModule(
        allowedDependencies = {
            "problem",
            "database",
            "event",
            "catalog",
            "volume",
            "engine::block",
            "engine::posix",
            "engine::qcow2",
            "engine::qcow2.format"
        })
package io.cowshed.rescue;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
