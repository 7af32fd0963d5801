package io.cowshed.cow;

import io.cowshed.engine.block.ImageException;
import io.cowshed.engine.block.UnsupportedImageException;
import io.cowshed.engine.posix.OutOfSpaceException;
import io.cowshed.engine.qcow2.ImageTooLargeException;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.cowshed.volume.VolumeFull;
import java.io.IOException;
import java.util.UUID;

/** What the failure of an operation at a file is to who asked for it. */
final class FileFailures {

    private FileFailures() {}

    /** For a thread that was interrupted, and is again when this returns: only a service that is stopping does that. */
    static CowshedException stopping(InterruptedException interrupt) {
        Thread.currentThread().interrupt();
        return new CowshedException(
                ProblemType.INTERNAL, "The service is stopping.", "Try again when it is back.", interrupt);
    }

    /** For an operation on {@code image}. */
    static CowshedException of(UUID image, IOException failure) {
        return switch (failure) {
            case OutOfSpaceException full -> new VolumeFull(full);
            case ImageTooLargeException tooLarge ->
                new CowshedException(
                        ProblemType.INVALID_REQUEST,
                        "The disk would be too long: " + tooLarge.getMessage() + ".",
                        "Use a size of at most " + tooLarge.limit() + " bytes.",
                        tooLarge);
            case UnsupportedImageException unsupported ->
                new CowshedException(
                        ProblemType.UNSUPPORTED_IMAGE,
                        "Image " + image + " cannot be worked on: " + unsupported.getMessage() + ".",
                        null,
                        unsupported);
            case ImageException damaged ->
                new CowshedException(
                        ProblemType.INVALID_IMAGE,
                        "Image " + image + " cannot be read: " + damaged.getMessage() + ".",
                        "See what is wrong with it: POST /api/v1/images/" + image + "/check.",
                        damaged);
            default ->
                new CowshedException(
                        ProblemType.VOLUME_UNAVAILABLE,
                        "A file of image " + image + " cannot be read or written: " + failure.getMessage() + ".",
                        "Try again once the volume works.",
                        failure);
        };
    }
}
