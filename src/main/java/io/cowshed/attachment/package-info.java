/**
 * Who has a disk. An {@link io.cowshed.attachment.Attachment} says that a holder opens an image's file himself, until when, and
 * what is to become of the image then; while it lasts nothing changes the image. {@link io.cowshed.attachment.Attachments}
 * keeps the rows, {@link io.cowshed.attachment.Attaching} begins them, {@link io.cowshed.attachment.Detaching} ends them, sees
 * what the file has become, and does what was wished for the image.
 */
@NullMarked
@ApplicationModule(
        allowedDependencies = {
            "problem",
            "metrics",
            "http",
            "database",
            "event",
            "catalog",
            "catalog::web",
            "operation",
            "volume",
            "engine::block",
            "engine::posix",
            "engine::qcow2",
            "engine::qcow2.format"
        })
package io.cowshed.attachment;

import org.jspecify.annotations.NullMarked;
import org.springframework.modulith.ApplicationModule;
