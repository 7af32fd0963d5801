package io.cowshed.catalog;

import io.cowshed.volume.ImageFileStatus;
import jakarta.persistence.Column;
import jakarta.persistence.Embeddable;

/**
 * Tells one content of a file from the next: while neither changes, nor does the content.
 *
 * @param size in bytes
 * @param modifiedNanos time of the last modification, in nanoseconds since the epoch
 */
@Embeddable
public record FileStamp(
        @Column(name = "known_digest_size") long size,
        @Column(name = "known_digest_mtime_ns") long modifiedNanos) {

    /** Of a file as the volume has it. */
    public static FileStamp of(ImageFileStatus file) {
        return new FileStamp(file.size(), file.modifiedNanos());
    }
}
