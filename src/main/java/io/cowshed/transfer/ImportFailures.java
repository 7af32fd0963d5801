package io.cowshed.transfer;

import io.cowshed.engine.block.BackingFileException;
import io.cowshed.engine.block.CorruptImageException;
import io.cowshed.engine.block.ImageException;
import io.cowshed.engine.block.UnsupportedImageException;
import io.cowshed.engine.qcow2.ImageTooLargeException;
import io.cowshed.engine.qcow2.NoRoomForIdentityException;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.io.IOException;

/** What is wrong with a disk that was sent, to its sender. Nobody outside needs to know what the file was called here. */
final class ImportFailures {

    private ImportFailures() {}

    static CowshedException of(IOException failure) {
        return switch (failure) {
            case ImageException image -> of(image);
            case ImageTooLargeException large ->
                new CowshedException(
                        ProblemType.TOO_LARGE,
                        "The disk is longer than the " + large.limit() + " bytes that are allowed here.",
                        "An administrator can raise cowshed.max-virtual-size.",
                        failure);
            case NoRoomForIdentityException _ ->
                new CowshedException(
                        ProblemType.UNSUPPORTED_IMAGE,
                        "The header of the QCOW2 file has no room left to note which image it is.",
                        "Convert it with qemu-img convert -O qcow2 and send the result.",
                        failure);
            default ->
                new CowshedException(
                        ProblemType.VOLUME_UNAVAILABLE,
                        "The disk could not be written to the volume.",
                        "Ask the operator to look at the log.",
                        failure);
        };
    }

    private static CowshedException of(ImageException failure) {
        return switch (failure) {
            case CorruptImageException corrupt -> new Damaged(corrupt);
            case UnsupportedImageException unsupported -> new Unsupported(unsupported.feature(), unsupported);
            case BackingFileException backing -> new Unsupported("backing file", backing);
        };
    }

    private static String withoutFile(ImageException failure) {
        return String.valueOf(failure.getMessage()).replace(failure.file() + ": ", "");
    }

    private static final class Damaged extends CowshedException {
        Damaged(CorruptImageException cause) {
            super(
                    ProblemType.INVALID_IMAGE,
                    "The QCOW2 file is damaged, cut off, or not one: " + withoutFile(cause) + ".",
                    "Check it with qemu-img check. A raw disk is sent as application/octet-stream.",
                    cause);
            member("structure", cause.structure());
            member("offset", cause.offset());
        }
    }

    private static final class Unsupported extends CowshedException {
        Unsupported(String feature, ImageException cause) {
            super(
                    ProblemType.UNSUPPORTED_IMAGE,
                    "The QCOW2 file cannot be taken in: " + withoutFile(cause) + ".",
                    "Convert it to one that stands on its own, with qemu-img convert -O qcow2, and send the result.",
                    cause);
            member("feature", feature);
        }
    }
}
