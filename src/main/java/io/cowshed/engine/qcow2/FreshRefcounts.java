package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.qcow2.format.ClusterGeometry;
import io.cowshed.engine.qcow2.format.Qcow2Limits;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The refcounts of a file in which every cluster, from the first to the last, is in use exactly once: the 16-bit refcount
 * blocks and then the refcount table that point to them, which count themselves too.
 *
 * @param start the cluster at which the first refcount block lies
 * @param blocks how many refcount blocks there are
 * @param tableClusters how many clusters the refcount table takes
 * @param clusters how many clusters the whole file has
 */
record FreshRefcounts(ClusterGeometry geometry, long start, long blocks, int tableClusters, long clusters) {

    static final int REFCOUNT_ORDER = 4;

    private static final int REFCOUNT_BYTES = 2;
    private static final int MAX_PIECE = 64 << 10;

    /**
     * Plans them.
     *
     * @param others clusters that the file has besides the refcounts
     * @param start where among these the refcounts are put
     * @throws ImageTooLargeException when the refcount table would be larger than anyone opens
     */
    static FreshRefcounts plan(String file, ClusterGeometry geometry, long others, long start) throws IOException {
        long blocks = 0;
        long table = 0;
        while (true) {
            long clusters = others + blocks + table;
            long neededBlocks = Math.ceilDiv(clusters, geometry.refcountBlockEntries());
            long neededTable = geometry.clustersFor(neededBlocks * Long.BYTES);
            if (neededBlocks <= blocks && neededTable <= table) {
                requireTable(file, geometry, table);
                return new FreshRefcounts(geometry, start, blocks, Math.toIntExact(table), clusters);
            }
            blocks = neededBlocks;
            table = neededTable;
        }
    }

    /** Refuses a refcount table of more clusters than anyone opens. */
    static void requireTable(String file, ClusterGeometry geometry, long clusters) throws ImageTooLargeException {
        if (clusters > Qcow2Limits.MAX_REFCOUNT_TABLE_BYTES >> geometry.clusterBits()) {
            throw new ImageTooLargeException(file, mostBytes(geometry));
        }
    }

    /** Bytes of file that the largest refcount table counts. */
    private static long mostBytes(ClusterGeometry geometry) {
        long blocks = Qcow2Limits.MAX_REFCOUNT_TABLE_BYTES / Long.BYTES;
        return geometry.clusterStart(blocks * geometry.refcountBlockEntries());
    }

    /** Where the refcount table lies, in bytes. */
    long tableOffset() {
        return geometry.clusterStart(start + blocks);
    }

    /** The length of the whole file, in bytes. */
    long fileSize() {
        return geometry.clusterStart(clusters);
    }

    /** Where the tables of the image lie, with its L1 table as told. */
    FreshHeader.Tables tables(long l1Offset, int l1Entries) {
        return new FreshHeader.Tables(l1Offset, l1Entries, tableOffset(), tableClusters);
    }

    /** The number of the first cluster after them. */
    long end() {
        return start + blocks + tableClusters;
    }

    /** Puts what their cluster {@code cluster} holds into {@code target}: a cluster of zeros. */
    void fill(long cluster, ByteBuffer target) {
        long index = cluster - start;
        if (index < blocks) {
            long left = clusters - index * geometry.refcountBlockEntries();
            for (int i = 0; i < Math.min(left, geometry.refcountBlockEntries()); i++) {
                target.putShort(i * REFCOUNT_BYTES, (short) 1);
            }
            return;
        }
        int words = geometry.clusterSize() / Long.BYTES;
        long first = (index - blocks) * words;
        for (int i = 0; i < Math.min(words, blocks - first); i++) {
            target.putLong(i * Long.BYTES, geometry.clusterStart(start + first + i));
        }
    }

    /** Writes them, leaving out the zeros at their ends: the file reads as zeros there, once it is long enough. */
    void writeTo(BlockFile file) throws IOException {
        ByteBuffer ones = ByteBuffer.allocateDirect(MAX_PIECE);
        while (ones.hasRemaining()) {
            ones.putShort((short) 1);
        }
        // Full blocks lie side by side, so they are one run of refcounts.
        for (long left = clusters * REFCOUNT_BYTES, at = geometry.clusterStart(start); left > 0; ) {
            int length = (int) Math.min(left, MAX_PIECE);
            file.write(at, ones.slice(0, length));
            at += length;
            left -= length;
        }
        ByteBuffer table = ByteBuffer.allocateDirect((int) Math.min(MAX_PIECE, blocks * Long.BYTES));
        long at = tableOffset();
        for (long block = 0; block < blocks; block++) {
            table.putLong(geometry.clusterStart(start + block));
            if (!table.hasRemaining() || block == blocks - 1) {
                table.flip();
                int length = table.remaining();
                file.write(at, table);
                at += length;
                table.clear();
            }
        }
    }
}
