package io.cowshed.volume;

import io.cowshed.engine.posix.FileStatus;
import java.time.Instant;

/**
 * What the file system says of an image's file. While size and time of modification stay, so does the content.
 *
 * @param number of the file in its file system, as long as it is there
 * @param size in bytes
 * @param modifiedNanos time of the last modification, in nanoseconds since the epoch
 * @param allocatedSize what it takes on the volume, in bytes
 */
public record ImageFileStatus(long number, long size, long modifiedNanos, long allocatedSize) {

    static ImageFileStatus of(FileStatus status) {
        return new ImageFileStatus(
                status.identity().inode(), status.size(), nanos(status.modified()), status.allocatedSize());
    }

    private static long nanos(Instant instant) {
        return Math.addExact(Math.multiplyExact(instant.getEpochSecond(), 1_000_000_000L), instant.getNano());
    }
}
