package io.cowshed.transfer;

import io.cowshed.catalog.FileStamp;
import io.cowshed.catalog.Image;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.problem.CowshedException;
import java.io.IOException;

/**
 * An image that is open to be read, and what the catalogue and the volume say of it meanwhile.
 *
 * @param stamp of its own file
 */
public record OpenDisk(DiskImage disk, Image image, FileStamp stamp) implements AutoCloseable {

    /**
     * The entity tag of the content in that coding: a sealed image's digest, or for one that guests may write to, the state
     * of its file. Other bytes have another strong tag (RFC 9110, section 8.8.3.3), and so has each coding.
     */
    public String entityTag(SentCoding coding) {
        String content = image.digest() == null
                ? image.id() + "-" + Long.toHexString(stamp.size()) + "-" + Long.toHexString(stamp.modifiedNanos())
                : image.digest();
        return switch (coding) {
            case IDENTITY -> "\"" + content + "\"";
            case ZSTD -> "\"" + content + "-zstd\"";
        };
    }

    /** What to tell the caller of a read that failed. */
    public CowshedException unreadable(IOException failure) {
        return ReadFailures.of(image.id(), failure);
    }

    @Override
    public void close() throws IOException {
        disk.close();
    }
}
