package io.cowshed.volume;

import io.cowshed.engine.posix.FileLockedException;
import io.cowshed.engine.posix.OutOfSpaceException;
import io.cowshed.problem.CowshedException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.UUID;

/** What the failure of a file of the volume is to a client. */
final class VolumeFailures {

    private VolumeFailures() {}

    /** For a failure at the file of {@code image}. */
    static CowshedException of(UUID image, IOException failure) {
        return switch (failure) {
            case FileLockedException locked -> new ImageInUse(image, locked);
            case OutOfSpaceException full -> new VolumeFull(full);
            case NoSuchFileException missing -> new ImageFileMissing(image, missing);
            default -> new VolumeUnavailable("The file of image " + image + " cannot be worked on.", failure);
        };
    }
}
