package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.CorruptImageException;
import io.cowshed.engine.block.ImageException;
import io.cowshed.engine.block.UnsupportedImageException;
import io.cowshed.engine.qcow2.format.ClusterGeometry;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import io.cowshed.engine.qcow2.format.Qcow2Limits;
import io.cowshed.engine.qcow2.format.RefcountTableEntry;
import java.io.IOException;
import java.util.Arrays;

/**
 * The refcount table (specification, "Host cluster management"), whole in memory: at most {@value
 * Qcow2Limits#MAX_REFCOUNT_TABLE_BYTES} bytes. For one thread.
 */
final class RefcountTable {

    static final String STRUCTURE = "refcount table";

    private final OrderedFile file;
    private final HeaderEditor header;
    private final ClusterGeometry geometry;
    private final MetadataTable table;

    private RefcountTable(OrderedFile file, HeaderEditor header, MetadataTable table) {
        this.file = file;
        this.header = header;
        this.geometry = header.header().geometry();
        this.table = table;
    }

    /** Reads the table, and adds it and the blocks it names to the map of metadata. */
    static RefcountTable read(OrderedFile file, HeaderEditor editor, MetadataMap metadata) throws IOException {
        Qcow2Header header = editor.header();
        long offset = header.refcountTableOffset();
        MetadataRegion region = new MetadataRegion(STRUCTURE, offset, header.refcountTableBytes());
        long[] words = file.readWords(region);
        RefcountTable result = new RefcountTable(file, editor, new MetadataTable(offset, words, false));
        region.claim(file.name(), header.geometry(), metadata);
        for (int block = 0; block < words.length; block++) {
            long at = result.blockOffset(block);
            if (at != 0) {
                new MetadataRegion("refcount block", at, header.geometry().clusterSize())
                        .claim(file.name(), header.geometry(), metadata);
            }
        }
        return result;
    }

    /** Blocks that the table has room for. */
    int blocks() {
        return table.words().length;
    }

    /** The block after the last one that is there. */
    int blocksInUse() {
        int blocks = blocks();
        while (blocks > 0 && table.words()[blocks - 1] == 0) {
            blocks--;
        }
        return blocks;
    }

    long offset() {
        return table.offset();
    }

    int clusters() {
        return Math.toIntExact(geometry.clustersFor((long) blocks() * Long.BYTES));
    }

    /** Where a block lies, or 0 where there is none. */
    long blockOffset(long block) throws CorruptImageException {
        if (block >= blocks()) {
            return 0;
        }
        long entry = table.words()[(int) block];
        String fault = RefcountTableEntry.fault(entry, geometry);
        if (fault != null) {
            throw new CorruptImageException(file.name(), STRUCTURE, table.offset() + block * Long.BYTES, fault);
        }
        return RefcountTableEntry.blockOffset(entry);
    }

    void setBlock(int block, long offset) {
        table.set(block, offset);
    }

    /**
     * Clusters that a table with room for {@code leastBlocks} takes: half as much again as now, so that it seldom grows.
     *
     * @throws UnsupportedImageException when it would be larger than anyone opens
     */
    int grownClusters(long leastBlocks) throws ImageException {
        long most = geometry.clusterOf(Qcow2Limits.MAX_REFCOUNT_TABLE_BYTES);
        long least = geometry.clustersFor(leastBlocks * Long.BYTES);
        if (least > most) {
            throw new UnsupportedImageException(file.name(), "a refcount table of " + least + " clusters");
        }
        return (int) Math.min(most, Math.max(least, clusters() + (clusters() + 1L) / 2));
    }

    /** Goes on as a longer table in another place, which is in use once {@link #writeEntries} has changed the header. */
    void moveTo(long offset, int clusters) {
        table.moveTo(offset, Arrays.copyOf(table.words(), geometry.refcountTableEntries(clusters)));
    }

    /** Writes a table that the header does not point to yet. */
    void writeNewTable() throws IOException {
        if (table.isFresh()) {
            table.writeTo(file);
        }
    }

    /** Writes the entries that changed, or points the header to the new table. */
    void writeEntries() throws IOException {
        if (table.offset() == header.header().refcountTableOffset()) {
            table.writeTo(file);
        } else {
            header.setRefcountTable(table.offset(), clusters());
        }
    }
}
