package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.Zeros;
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
    private final ByteBuffer pageBytes;
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
        this.pageBytes = ByteBuffer.allocate(RefcountBlock.bytes(geometry, pageClusters));
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
        ByteBuffer page = page(cluster / pageClusters);
        return page == null ? 0 : RefcountBlock.get(geometry, page, (int) (cluster % pageClusters));
    }

    /** The refcounts of a page, valid until the next call; null where there is no refcount block that can be read. */
    @Nullable
    ByteBuffer page(long page) throws IOException {
        if (page == heldPage) {
            return pageBytes;
        }
        long first = page * pageClusters;
        long block = block(first);
        if (block == 0 || block > fileSize - geometry.clusterSize()) {
            return null;
        }
        heldPage = -1;
        int within = (int) (first & (geometry.refcountBlockEntries() - 1));
        pageBytes.clear();
        if (file.read(block + RefcountBlock.bytes(geometry, within), pageBytes) < pageBytes.capacity()) {
            return null;
        }
        pageBytes.flip();
        heldPage = page;
        return pageBytes;
    }

    /** The first page at or after {@code page} whose refcounts are not all zeros, or {@link Long#MAX_VALUE}. */
    long nextPage(long page) throws IOException {
        long next = page;
        long end = maxClusters() / pageClusters;
        while (next < end) {
            ByteBuffer refcounts = page(next);
            if (refcounts == null) {
                next = pageOfNextBlock(next);
            } else if (Zeros.areAll(refcounts)) {
                next++;
            } else {
                return next;
            }
        }
        return Long.MAX_VALUE;
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
