package io.cowshed.cow;

import io.cowshed.engine.qcow2.format.Qcow2Header;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.util.UUID;

/** Snapshots within an image's own file, as {@code savevm} and {@code qemu-img snapshot} make them. */
final class InternalSnapshots {

    private InternalSnapshots() {}

    /**
     * That the image has none: a file that takes the place of its own, or lies on another parent, would not show the same in
     * them.
     *
     * @throws CowshedException of type UNSUPPORTED_IMAGE if it has
     */
    static void requireNone(UUID image, Qcow2Header header) {
        if (header.snapshotCount() > 0) {
            throw new CowshedException(
                    ProblemType.UNSUPPORTED_IMAGE,
                    "The file of image " + image + " holds " + header.snapshotCount()
                            + " internal snapshots, which would be lost.",
                    "Delete them with qemu-img snapshot -d, or go on with a copy, which has none: POST /api/v1/images/"
                            + image + "/copy.");
        }
    }
}
