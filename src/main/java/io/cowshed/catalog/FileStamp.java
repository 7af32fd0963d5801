package io.cowshed.catalog;

import io.cowshed.volume.ImageFileStatus;

/**
 * Tells one content of a file from the next: while neither changes, nor does the content.
 *
 * @param size in bytes
 * @param modifiedNanos time of the last modification, in nanoseconds since the epoch
 */
public record FileStamp(long size, long modifiedNanos) {

    /** Of a file as the volume has it. */
    public static FileStamp of(ImageFileStatus file) {
        return new FileStamp(file.size(), file.modifiedNanos());
    }
}
