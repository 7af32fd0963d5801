/**
 * What copy-on-write makes possible and what protects it: clones, sealing and unsealing, and removal. Each verb here
 * brings the work on a file and the change of the catalogue together, in the order in which a crash does no harm.
 */
@NullMarked
@ApplicationModule(
        allowedDependencies = {
            "problem",
            "http",
            "database",
            "attachment",
            "catalog",
            "catalog::web",
            "operation",
            "operation::web",
            "volume",
            "engine::block",
            "engine::fat",
            "engine::guest",
            "engine::posix",
            "engine::qcow2",
            "engine::qcow2.format"
        })
package io.cowshed.cow;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
