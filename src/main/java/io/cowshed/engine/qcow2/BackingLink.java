package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.ImageFormat;
import io.cowshed.engine.qcow2.format.Qcow2Limits;
import java.nio.charset.StandardCharsets;

/**
 * What an image says of the file it lies on.
 *
 * @param name its bare name, at most {@value Qcow2Limits#MAX_BACKING_NAME_BYTES} bytes of UTF-8
 * @param format what it is to be read as
 */
public record BackingLink(String name, ImageFormat format) {

    /** @throws IllegalArgumentException when the name is empty, too long, or anything but bare */
    public BackingLink {
        FreshImage.requireBare(name);
        if (name.getBytes(StandardCharsets.UTF_8).length > Qcow2Limits.MAX_BACKING_NAME_BYTES) {
            throw new IllegalArgumentException("a backing file name that is too long");
        }
    }

    /** The format as headers spell it. */
    String formatName() {
        return switch (format) {
            case RAW -> "raw";
            case QCOW2 -> "qcow2";
        };
    }
}
