package io.cowshed.rescue;

import io.cowshed.catalog.FileStamp;
import io.cowshed.catalog.KnownDigest;
import io.cowshed.engine.block.ContentDigest;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.rescue.RescueNotes.Noted;
import io.cowshed.volume.Volume;
import java.io.IOException;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Finds out what sealed images hold. Where the file is the one that the catalogue had the digest of, by its length and its time
 * of modification, that holds; every other is read.
 */
final class RescueDigests {

    private final Volume volume;
    private final RescueNotes notes;
    private final Report report;
    private long read;
    private long readBytes;

    RescueDigests(Volume volume, RescueNotes notes, Report report) {
        this.volume = volume;
        this.notes = notes;
        this.report = report;
    }

    /** The digest that was recorded for this very file; null where there is none. */
    static @Nullable KnownDigest recorded(Noted noted) {
        ImageRecord.Known known = noted.record() == null ? null : noted.record().known();
        return known != null
                        && known.size() == noted.file().size()
                        && known.modifiedNanos() == noted.file().modifiedNanos()
                ? new KnownDigest(known.digest(), stamp(noted))
                : null;
    }

    /** Notes down that the image would have to be read. */
    void count(Noted noted) {
        read++;
        readBytes += noted.file().allocatedSize();
    }

    /**
     * Makes the file of a sealed image read-only, and reads it.
     *
     * @throws IOException when the image, or one that it lies on, cannot be read
     */
    KnownDigest compute(Noted noted) throws IOException, InterruptedException {
        UUID id = noted.file().id();
        count(noted);
        try (DiskImage disk = volume.disks().open(id, notes.ancestors(id))) {
            String digest = ContentDigest.of(disk);
            String before = noted.record() == null ? null : noted.record().digest();
            if (before != null && !before.equals(digest)) {
                report.problem("The content of image " + id + " (" + noted.name() + ") is not what was sealed: "
                        + before + " then, " + digest + " now.");
            }
            return new KnownDigest(digest, stamp(noted));
        }
    }

    /** How many images were read, or would have to be. */
    long read() {
        return read;
    }

    /** What those take on the volume, in bytes. */
    long readBytes() {
        return readBytes;
    }

    private static FileStamp stamp(Noted noted) {
        return new FileStamp(noted.file().size(), noted.file().modifiedNanos());
    }
}
