package io.cowshed.volume;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.util.UUID;

/** The catalogue has an image whose file is not on the volume. */
public final class ImageFileMissing extends CowshedException {

    ImageFileMissing(UUID image, Throwable cause) {
        super(
                ProblemType.VOLUME_UNAVAILABLE,
                "The volume has no file " + VolumeLayout.imageName(image) + ".",
                "Ask the operator whether the volume is mounted and complete.",
                cause);
    }
}
