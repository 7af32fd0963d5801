package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.qcow2.format.ClusterGeometry;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The file of a fresh image, to whose end clusters are added one by one, and which counts them. A refcount block is written
 * as soon as the clusters that it counts are full: the first cluster of the next such stretch is it.
 *
 * <p>Memory is a megabyte or a cluster, a refcount block, and 8 bytes for each stretch (2 GiB of file with clusters of 64
 * KiB). For one thread.
 */
final class GrowingFile {

    private static final int BUFFER = 1 << 20;
    private static final int PIECE = 64 << 10;
    private static final int REFCOUNT_BYTES = 2;

    private final BlockFile file;
    private final ClusterGeometry geometry;

    /** Whole clusters on their way to the file, where they go at {@link #bufferStart}. */
    private final ByteBuffer buffer;

    private long bufferStart;

    /** The refcounts of the stretch that the end of the file lies in. */
    private final ByteBuffer refcounts;

    /** Where the refcount blocks of the stretches before lie. */
    private long[] blocks = new long[16];

    private int blockCount;

    /** Where the next packed bytes go, and the end of the room for them; the same where there is none. */
    private long packedOffset;

    private long packedEnd;

    /** Begins with a cluster of zeros, which is the header's. */
    GrowingFile(BlockFile file, ClusterGeometry geometry) {
        this.file = file;
        this.geometry = geometry;
        this.buffer = ByteBuffer.allocateDirect(Math.max(BUFFER, geometry.clusterSize()));
        this.refcounts = ByteBuffer.allocateDirect(geometry.clusterSize());
        this.bufferStart = geometry.clusterSize();
        count(0);
    }

    /** The length of the file so far, in bytes: whole clusters. */
    long length() {
        return bufferStart + buffer.position();
    }

    /** Adds a cluster, and returns where it lies. */
    long append(ByteBuffer cluster) throws IOException {
        long offset = allocate();
        put(cluster);
        return offset;
    }

    /**
     * Adds compressed bytes, fewer than a cluster, right after those that were added so before wherever there is room, and
     * returns where they lie. A cluster of the file counts once for each that lies in it. That 16 bits do for: deflate
     * makes at best a 1032nd of a cluster, zstd 10 bytes and 4 for each 128 KiB, so 30,000 share a cluster at most.
     */
    long appendPacked(ByteBuffer bytes) throws IOException {
        if (packedEnd - packedOffset < bytes.remaining()) {
            long next = allocate();
            if (packedEnd != next) {
                packedOffset = next;
            }
            packedEnd = next + geometry.clusterSize();
            putZeros();
        }
        long offset = packedOffset;
        if (geometry.offsetInCluster(offset) != 0) {
            count(geometry.clusterOf(offset));
        }
        int length = bytes.remaining();
        int first = Math.min(length, geometry.clusterSize() - geometry.offsetInCluster(offset));
        overwrite(offset, bytes.slice(bytes.position(), first));
        if (first < length) {
            overwrite(offset + first, bytes.slice(bytes.position() + first, length - first));
        }
        packedOffset += length;
        return offset;
    }

    /**
     * Adds clusters in a row that someone else writes, at any time before {@link #finish}: up to {@code most}, at least one.
     */
    ClusterRun reserve(int most) throws IOException {
        long first = geometry.clusterOf(allocate());
        int left = geometry.refcountBlockEntries() - (int) (first % geometry.refcountBlockEntries());
        int count = Math.min(most, left);
        for (int i = 1; i < count; i++) {
            count(first + i);
        }
        writeBuffer();
        bufferStart += geometry.clusterStart(count);
        return new ClusterRun(first, count, true);
    }

    /** Counts a cluster at the end of the file; what it holds has yet to be put there. */
    private long allocate() throws IOException {
        long cluster = geometry.clusterOf(length());
        if (cluster % geometry.refcountBlockEntries() == 0) {
            endStretch();
            cluster++;
        }
        count(cluster);
        return geometry.clusterStart(cluster);
    }

    private void endStretch() throws IOException {
        if (blockCount == blocks.length) {
            blocks = Arrays.copyOf(blocks, 2 * blockCount);
        }
        long block = length();
        blocks[blockCount++] = block;
        put(refcounts.duplicate().clear());
        MemorySegment.ofBuffer(refcounts).fill((byte) 0);
        count(geometry.clusterOf(block));
        // The refcounts of clusters before are written down.
        packedOffset = packedEnd;
    }

    /** Counts one more reference to a cluster of the present stretch. */
    private void count(long cluster) {
        int at = (int) (cluster % geometry.refcountBlockEntries()) * REFCOUNT_BYTES;
        refcounts.putShort(at, (short) (refcounts.getShort(at) + 1));
    }

    private void put(ByteBuffer cluster) throws IOException {
        if (!buffer.hasRemaining()) {
            writeBuffer();
        }
        buffer.put(cluster);
    }

    private void putZeros() throws IOException {
        if (!buffer.hasRemaining()) {
            writeBuffer();
        }
        MemorySegment.ofBuffer(buffer).asSlice(0, geometry.clusterSize()).fill((byte) 0);
        buffer.position(buffer.position() + geometry.clusterSize());
    }

    private void overwrite(long offset, ByteBuffer bytes) throws IOException {
        if (offset < bufferStart) {
            file.write(offset, bytes);
        } else {
            buffer.put((int) (offset - bufferStart), bytes, bytes.position(), bytes.remaining());
        }
    }

    private void writeBuffer() throws IOException {
        if (buffer.position() == 0) {
            return;
        }
        int count = buffer.flip().remaining();
        file.write(bufferStart, buffer);
        bufferStart += count;
        buffer.clear();
    }

    /**
     * Adds the L1 table, the last refcount blocks and the refcount table: all but the header is written then.
     *
     * @param l1Table its entries, of which those past the end of the array are 0
     * @throws ImageTooLargeException when the refcount table would be larger than anyone opens
     */
    FreshHeader.Tables finish(long[] l1Table, int l1Entries) throws IOException {
        writeBuffer();
        long l1Start = geometry.clusterOf(length());
        long blockStart = l1Start + geometry.clustersFor((long) l1Entries * Long.BYTES);
        int stretches = blockCount;
        long tableClusters = 0;
        long clusters = blockStart;
        for (long counted = 0; counted < clusters; ) {
            stretches = Math.toIntExact(Math.ceilDiv(clusters, geometry.refcountBlockEntries()));
            tableClusters = geometry.clustersFor((long) stretches * Long.BYTES);
            counted = clusters;
            clusters = blockStart + stretches - blockCount + tableClusters;
        }
        long tableOffset = geometry.clusterStart(clusters - tableClusters);
        FreshRefcounts.requireTable(file.name(), geometry, tableClusters);
        file.setSize(geometry.clusterStart(clusters));
        writeWords(geometry.clusterStart(l1Start), l1Table, Math.min(l1Entries, l1Table.length));
        writeLastBlocks(l1Start, blockStart, stretches, clusters);
        writeWords(tableOffset, blocks, stretches);
        return new FreshHeader.Tables(
                geometry.clusterStart(l1Start), l1Entries, tableOffset, Math.toIntExact(tableClusters));
    }

    /** Counts the clusters from {@code first} on, and writes the refcount blocks that are not written yet. */
    private void writeLastBlocks(long first, long blockStart, int stretches, long clusters) throws IOException {
        blocks = Arrays.copyOf(blocks, stretches);
        int entries = geometry.refcountBlockEntries();
        int written = blockCount;
        for (int stretch = written; stretch < stretches; stretch++) {
            long start = (long) stretch * entries;
            long end = Math.min(clusters, start + entries);
            for (long cluster = Math.max(first, start); cluster < end; cluster++) {
                count(cluster);
            }
            blocks[stretch] = geometry.clusterStart(blockStart + stretch - written);
            file.write(blocks[stretch], refcounts.slice(0, (int) (end - start) * REFCOUNT_BYTES));
            MemorySegment.ofBuffer(refcounts).fill((byte) 0);
        }
        blockCount = stretches;
    }

    /** Writes a table, but leaves out those pieces of it that are zeros: the file reads so there. */
    private void writeWords(long offset, long[] words, int count) throws IOException {
        ByteBuffer piece = ByteBuffer.allocate(PIECE);
        for (int first = 0; first < count; first += PIECE / Long.BYTES) {
            int end = Math.min(count, first + PIECE / Long.BYTES);
            piece.clear();
            boolean empty = true;
            for (int i = first; i < end; i++) {
                piece.putLong(words[i]);
                empty &= words[i] == 0;
            }
            if (!empty) {
                file.write(offset + (long) first * Long.BYTES, piece.flip());
            }
        }
    }
}
