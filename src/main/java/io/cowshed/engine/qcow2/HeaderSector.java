package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.qcow2.format.Features;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The first sector of a file, which is all of the header that changes at once: everything a reader needs together is
 * changed by one {@link #write}. Fields that are not set keep what they held.
 */
final class HeaderSector {

    private static final int SECTOR = 512;
    private static final int REFCOUNT_TABLE_OFFSET = 48;
    private static final int REFCOUNT_TABLE_CLUSTERS = 56;
    private static final int INCOMPATIBLE = 72;
    private static final int AUTOCLEAR = 88;

    private final BlockFile file;
    private final ByteBuffer bytes = ByteBuffer.allocate(SECTOR);

    /** Reads the sector of a file whose header was parsed before. */
    HeaderSector(BlockFile file) throws IOException {
        this.file = file;
        file.read(0, bytes);
        bytes.clear();
    }

    boolean hasFeatures() {
        return bytes.getInt(4) >= 3;
    }

    long incompatible() {
        return hasFeatures() ? bytes.getLong(INCOMPATIBLE) : 0;
    }

    /** Sets and clears incompatible features; version 2 has none. */
    HeaderSector incompatible(long set, long cleared) {
        if (hasFeatures()) {
            bytes.putLong(INCOMPATIBLE, (bytes.getLong(INCOMPATIBLE) | set) & ~cleared);
        }
        return this;
    }

    /** Clears the autoclear features that this engine does not know. */
    HeaderSector clearUnknownAutoclear() {
        if (hasFeatures()) {
            bytes.putLong(AUTOCLEAR, bytes.getLong(AUTOCLEAR) & Features.BITMAPS);
        }
        return this;
    }

    HeaderSector refcountTable(Qcow2Header header) {
        bytes.putLong(REFCOUNT_TABLE_OFFSET, header.refcountTableOffset())
                .putInt(REFCOUNT_TABLE_CLUSTERS, header.refcountTableClusters());
        return this;
    }

    /** Writes the sector, and returns when it is on stable storage. */
    void write() throws IOException {
        file.write(0, bytes.duplicate());
        file.flush();
    }
}
