package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.CorruptImageException;
import io.cowshed.engine.qcow2.format.Features;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Changes fields of an image's header (specification, "Header") where they are, all that belong together in one write of the
 * first sector: nothing else is atomic. What is not changed stays byte for byte. For one thread.
 */
final class HeaderEditor {

    static final int SECTOR = 512;

    private static final int SIZE = 24;
    private static final int L1_ENTRIES = 36;
    private static final int L1_OFFSET = 40;
    private static final int REFCOUNT_TABLE_OFFSET = 48;
    private static final int REFCOUNT_TABLE_CLUSTERS = 56;
    private static final int INCOMPATIBLE = 72;
    private static final int AUTOCLEAR = 88;

    private final BlockFile blockFile;
    private final OrderedFile file;
    private Qcow2Header header;

    HeaderEditor(BlockFile blockFile, OrderedFile file, Qcow2Header header) {
        this.blockFile = blockFile;
        this.file = file;
        this.header = header;
    }

    /** The header as it is in the file now. */
    Qcow2Header header() {
        return header;
    }

    void setSize(long virtualSize) throws IOException {
        ByteBuffer sector = sector();
        write(sector.putLong(SIZE, virtualSize));
    }

    void setL1Table(long offset, int entries) throws IOException {
        ByteBuffer sector = sector();
        write(sector.putInt(L1_ENTRIES, entries).putLong(L1_OFFSET, offset));
    }

    void setRefcountTable(long offset, int clusters) throws IOException {
        ByteBuffer sector = sector();
        write(sector.putLong(REFCOUNT_TABLE_OFFSET, offset).putInt(REFCOUNT_TABLE_CLUSTERS, clusters));
    }

    /** Version 2 has no feature bits. */
    void clearAutoclear() throws IOException {
        if (header.features().autoclear() != 0) {
            ByteBuffer sector = sector();
            write(sector.putLong(AUTOCLEAR, 0));
        }
    }

    /** Clears the autoclear bits that nobody here knows. */
    void clearUnknownAutoclear() throws IOException {
        long known = header.features().autoclear() & Features.BITMAPS;
        if (known != header.features().autoclear()) {
            ByteBuffer sector = sector();
            write(sector.putLong(AUTOCLEAR, known));
        }
    }

    /** Says that some structure is damaged, where the version can. */
    void setCorrupt() throws IOException {
        mark(Features.CORRUPT, 0);
    }

    /** Sets and clears marks among the incompatible bits, where the version has any. */
    void mark(long set, long cleared) throws IOException {
        long marked = (header.features().incompatible() | set) & ~cleared;
        if (header.version() >= 3 && marked != header.features().incompatible()) {
            ByteBuffer sector = sector();
            write(sector.putLong(INCOMPATIBLE, marked));
        }
    }

    /** The first sector of the file, to be changed. */
    ByteBuffer sector() throws IOException {
        ByteBuffer sector = ByteBuffer.allocate(SECTOR);
        if (file.read(0, sector) < SECTOR) {
            throw new CorruptImageException(file.name(), "header", 0, "it is cut off");
        }
        return sector.clear();
    }

    /** Writes the first sector, and takes the header from it anew. */
    void write(ByteBuffer sector) throws IOException {
        file.write(0, sector);
        header = Qcow2HeaderReader.read(blockFile);
    }
}
