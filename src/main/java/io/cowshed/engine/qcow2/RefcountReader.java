package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.qcow2.format.ClusterGeometry;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import io.cowshed.engine.qcow2.format.RefcountBlock;
import io.cowshed.engine.qcow2.format.RefcountTableEntry;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Reads the refcounts that a file holds, a page at a time. For one thread. */
final class RefcountReader {

    private final BlockFile file;
    private final Qcow2Header header;
    private final ClusterGeometry geometry;
    private final int pageClusters;
    private final MetadataCache tables;
    private final ByteBuffer bytes;
    private final long[] pageWords;
    private final long fileSize;
    private final int tableEntries;
    private long heldPage = -1;

    /** Pages of {@code pageClusters} clusters: a refcount block is a whole number of them. */
    RefcountReader(BlockFile file, Qcow2Header header, int pageClusters) throws IOException {
        this.file = file;
        this.header = header;
        this.geometry = header.geometry();
        this.pageClusters = pageClusters;
        this.tables = new MetadataCache(file, geometry.clusterSize(), MetadataCache.DEFAULT_BYTES);
        this.bytes = ByteBuffer.allocate((int) ((long) pageClusters * geometry.refcountBits() / Byte.SIZE));
        this.pageWords = new long[(int) ((long) pageClusters * geometry.refcountBits() / Long.SIZE)];
        // A table that is cut off is found elsewhere.
        this.fileSize = file.size();
        long there = Math.max(0, fileSize - header.refcountTableOffset()) / Long.BYTES;
        this.tableEntries = (int) Math.min(there, geometry.refcountTableEntries(header.refcountTableClusters()));
    }

    /** How many clusters the refcount table can count, as far as the file has it; those after them have no refcount. */
    long maxClusters() {
        return (long) tableEntries << geometry.refcountBlockBits();
    }

    /** The refcount of a cluster, unsigned; 0 where there is no refcount block, or none that can be read. */
    long refcount(long cluster) throws IOException {
        long[] page = page(cluster / pageClusters);
        return page == null ? 0 : RefcountBlock.get(page, (int) (cluster % pageClusters), geometry);
    }

    /** The refcounts of a page, valid until the next call; null where there is no refcount block that can be read. */
    long @Nullable [] page(long page) throws IOException {
        if (page == heldPage) {
            return pageWords;
        }
        long first = page * pageClusters;
        long block = block(first);
        if (block == 0 || block > fileSize - geometry.clusterSize()) {
            return null;
        }
        heldPage = -1;
        int within = (int) (first & (geometry.refcountBlockEntries() - 1));
        bytes.clear();
        if (file.read(block + (long) within * geometry.refcountBits() / Byte.SIZE, bytes) < bytes.capacity()) {
            return null;
        }
        bytes.flip().asLongBuffer().get(pageWords);
        heldPage = page;
        return pageWords;
    }

    /** The first page at or after {@code page} whose refcounts are not all zeros, or {@link Long#MAX_VALUE}. */
    long nextPage(long page) throws IOException {
        long next = page;
        long end = maxClusters() / pageClusters;
        while (next < end) {
            long[] refcounts = page(next);
            if (refcounts == null) {
                next = pageOfNextBlock(next);
            } else if (isZero(refcounts)) {
                next++;
            } else {
                return next;
            }
        }
        return Long.MAX_VALUE;
    }

    private static boolean isZero(long[] words) {
        for (long word : words) {
            if (word != 0) {
                return false;
            }
        }
        return true;
    }

    private long pageOfNextBlock(long page) {
        long block = (page * pageClusters) >>> geometry.refcountBlockBits();
        return ((block + 1) << geometry.refcountBlockBits()) / pageClusters;
    }

    private long block(long cluster) throws IOException {
        long index = cluster >>> geometry.refcountBlockBits();
        if (index >= tableEntries) {
            return 0;
        }
        long[] page = tables.page(
                ReferenceWalk.REFCOUNT_TABLE, header.refcountTableOffset(), tableEntries, Math.toIntExact(index));
        long entry = page[(int) index % tables.pageWords()];
        return RefcountTableEntry.fault(entry, geometry) == null ? RefcountTableEntry.blockOffset(entry) : 0;
    }
}
