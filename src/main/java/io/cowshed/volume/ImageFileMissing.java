package io.cowshed.volume;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.util.UUID;

/** The catalogue has an image whose file is not on the volume. */
public final class ImageFileMissing extends CowshedException {

    ImageFileMissing(CataloguedFile file, Throwable cause) {
        super(
                ProblemType.VOLUME_UNAVAILABLE,
                "The volume has no file " + name(file) + ".",
                "Ask the operator to restore the file; the volume itself is there.",
                cause);
    }

    private static String name(CataloguedFile file) {
        return switch (file) {
            case CataloguedFile.Disk(UUID image) -> VolumeLayout.imageName(image);
            case CataloguedFile.Seed seed -> VolumeLayout.seedName(seed);
        };
    }
}
