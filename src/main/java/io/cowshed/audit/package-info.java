/**
 * Compares the catalogue with the volume, both ways, and mends what is safe. An audit is an operation. It goes through the rows
 * and looks at their files ({@link io.cowshed.audit.RowAudit}), then through the names on the volume ({@link
 * io.cowshed.audit.NameAudit}), a page at a time, and writes down what it finds; what is to be mended is mended afterwards, from
 * what was written down ({@link io.cowshed.audit.Mending}). It stands in nobody's way: whatever looks wrong at first is looked at
 * again, and counts only when the row was the same before and after and nobody was at work on the file.
 */
@NullMarked
@ApplicationModule(
        allowedDependencies = {
            "problem",
            "http",
            "database",
            "event",
            "catalog",
            "operation",
            "operation::web",
            "volume",
            "engine::block",
            "engine::posix",
            "engine::qcow2",
            "engine::qcow2.format"
        })
package io.cowshed.audit;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
