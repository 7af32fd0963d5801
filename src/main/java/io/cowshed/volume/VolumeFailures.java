package io.cowshed.volume;

import io.cowshed.engine.posix.FileLockedException;
import io.cowshed.engine.posix.OutOfSpaceException;
import io.cowshed.problem.CowshedException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.UUID;

/** What the failure of a file of the volume is to a client. */
final class VolumeFailures {

    private VolumeFailures() {}

    /** For a failure at the disk of {@code image}. */
    static CowshedException of(UUID image, IOException failure) {
        return of(new CataloguedFile.Disk(image), failure);
    }

    /** For a failure at {@code file}. */
    static CowshedException of(CataloguedFile file, IOException failure) {
        return switch (failure) {
            case FileLockedException locked -> new ImageInUse(file, locked);
            case OutOfSpaceException full -> new VolumeFull(full);
            case NoSuchFileException missing -> new ImageFileMissing(file, missing);
            case AccessDeniedException denied -> VolumeUnavailable.denied(capitalised(file), denied);
            default ->
                new VolumeUnavailable(capitalised(file) + " cannot be worked on" + reason(failure) + ".", failure);
        };
    }

    /** What the operating system says, after a colon, where it says anything. */
    static String reason(IOException failure) {
        return failure instanceof FileSystemException said && said.getReason() != null ? ": " + said.getReason() : "";
    }

    /** What to call the file at the beginning of a sentence. */
    static String capitalised(CataloguedFile file) {
        return switch (file) {
            case CataloguedFile.Disk(UUID image) -> "The file of image " + image;
            case CataloguedFile.Seed seed -> "The seed disk of image " + seed.image();
        };
    }
}
