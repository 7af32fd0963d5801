package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.qcow2.format.ClusterGeometry;
import io.cowshed.engine.qcow2.format.CompressionType;
import io.cowshed.engine.qcow2.format.ImageIdentity;
import io.cowshed.engine.qcow2.format.L1Entry;
import io.cowshed.engine.qcow2.format.L2Entry;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Writes a fresh image from a disk's bytes as they come, first to last, whose length need not be known: version 3, 16-bit
 * refcounts, no backing file. Clusters of zeros are left out. Data clusters follow one another, an L2 table follows the
 * data it maps, L1 table and refcounts come at the end, and the header last: a file that was broken off is no image.
 *
 * <p>Memory is two megabytes and an L1 table: 8 bytes for each {@link ClusterGeometry#l2Coverage()} bytes of disk (512 MiB
 * with clusters of 64 KiB). For one thread.
 */
public final class SequentialWriter {

    private static final int BUFFER = 1 << 20;

    private final BlockFile file;
    private final ClusterGeometry geometry;
    private final ImageIdentity identity;
    private final long limit;

    /** Whole clusters on their way to the file, where they go at {@link #bufferStart}. */
    private final ByteBuffer buffer;

    /** The guest cluster under way: as much of it as has come. */
    private final ByteBuffer partial;

    private final ByteBuffer l2Table;
    private final MemorySegment zeros;
    private long[] l1Table = new long[64];
    private int l1Index = -1;
    private long bufferStart;
    private long length;

    /**
     * Begins an image.
     *
     * @param file an empty file
     * @param clusterBits log2 of the cluster size, 9 to 21; {@link FreshImage#DEFAULT_CLUSTER_BITS} where there is no wish
     * @param limit the largest disk to take, in bytes; what the format can hold with this cluster size limits it too
     */
    public SequentialWriter(BlockFile file, int clusterBits, ImageIdentity identity, long limit) {
        this.file = file;
        this.geometry = new ClusterGeometry(clusterBits, false, FreshRefcounts.REFCOUNT_ORDER);
        this.identity = identity;
        this.limit = Math.min(limit, FreshImage.mostBytes(geometry));
        int clusterSize = geometry.clusterSize();
        this.buffer = ByteBuffer.allocateDirect(Math.max(BUFFER, clusterSize));
        this.partial = ByteBuffer.allocateDirect(clusterSize);
        this.l2Table = ByteBuffer.allocateDirect(clusterSize);
        this.zeros = MemorySegment.ofBuffer(ByteBuffer.allocateDirect(clusterSize));
        this.bufferStart = clusterSize;
    }

    /**
     * The image that was written.
     *
     * @param virtualSize bytes of the disk: what came, rounded up with zeros to whole sectors of 512, as QEMU does
     * @param fileSize the length of the file, in bytes
     */
    public record Written(long virtualSize, long fileSize) {}

    /**
     * Takes in what remains of {@code source}.
     *
     * @throws ImageTooLargeException when the disk would exceed the limit: nothing of {@code source} is taken in then
     */
    public void write(ByteBuffer source) throws IOException {
        advance(source.remaining());
        int clusterSize = geometry.clusterSize();
        while (source.hasRemaining()) {
            if (partial.position() == 0 && source.remaining() >= clusterSize) {
                long end = length - source.remaining() + clusterSize;
                cluster(end - clusterSize, source.slice(source.position(), clusterSize));
                source.position(source.position() + clusterSize);
            } else {
                int count = Math.min(partial.remaining(), source.remaining());
                partial.put(partial.position(), source, source.position(), count);
                source.position(source.position() + count);
                advancePartial(count, length - source.remaining());
            }
        }
    }

    /**
     * Takes in {@code count} zero bytes, in no time.
     *
     * @throws ImageTooLargeException when the disk would exceed the limit
     */
    public void zeros(long count) throws IOException {
        if (count < 0) {
            throw new IllegalArgumentException("a negative count of zeros: " + count);
        }
        advance(count);
        long left = count;
        if (partial.position() > 0) {
            int filled = (int) Math.min(partial.remaining(), left);
            fillPartialWithZeros(filled);
            left -= filled;
            advancePartial(filled, length - left);
        }
        int rest = geometry.offsetInCluster(left);
        if (rest > 0) {
            fillPartialWithZeros(rest);
            advancePartial(rest, length);
        }
    }

    private void fillPartialWithZeros(int count) {
        MemorySegment.ofBuffer(partial).asSlice(0, count).fill((byte) 0);
    }

    private void advance(long count) throws ImageTooLargeException {
        if (count > limit - length) {
            throw new ImageTooLargeException(file.name(), limit);
        }
        length += count;
    }

    /** Notes that {@code partial} has {@code count} more bytes, after which the disk has {@code end}. */
    private void advancePartial(int count, long end) throws IOException {
        partial.position(partial.position() + count);
        if (!partial.hasRemaining()) {
            cluster(end - geometry.clusterSize(), partial.flip());
            partial.clear();
        }
    }

    /** Writes the guest cluster at {@code guestOffset}, unless it is all zeros. */
    private void cluster(long guestOffset, ByteBuffer content) throws IOException {
        if (MemorySegment.ofBuffer(content).mismatch(zeros) < 0) {
            return;
        }
        int index = geometry.l1Index(guestOffset);
        if (index != l1Index) {
            endL2Table();
            l1Index = index;
        }
        long hostOffset = append(content);
        l2Table.putLong(geometry.l2Index(guestOffset) * Long.BYTES, L2Entry.data(hostOffset));
    }

    private void endL2Table() throws IOException {
        if (l1Index < 0) {
            return;
        }
        if (l1Index >= l1Table.length) {
            l1Table = Arrays.copyOf(l1Table, Math.max(l1Index + 1, l1Table.length * 2));
        }
        l1Table[l1Index] = L1Entry.of(append(l2Table.duplicate()));
        MemorySegment.ofBuffer(l2Table).fill((byte) 0);
    }

    /** Adds a cluster to the end of the file, and returns where it lies. */
    private long append(ByteBuffer cluster) throws IOException {
        if (!buffer.hasRemaining()) {
            writeBuffer();
        }
        long offset = bufferStart + buffer.position();
        buffer.put(cluster);
        return offset;
    }

    private void writeBuffer() throws IOException {
        int count = buffer.flip().remaining();
        file.write(bufferStart, buffer);
        bufferStart += count;
        buffer.clear();
    }

    /**
     * Ends the image and flushes the file, once.
     *
     * @throws ImageTooLargeException when the last sector does not fit within the limit
     */
    public Written finish() throws IOException {
        zeros(FreshImage.wholeSectors(file.name(), length, geometry) - length);
        long virtualSize = length;
        if (partial.position() > 0) {
            int used = partial.position();
            MemorySegment.ofBuffer(partial.duplicate().clear()).asSlice(used).fill((byte) 0);
            cluster(geometry.clusterStart(geometry.clusterOf(virtualSize)), partial.clear());
        }
        endL2Table();
        int l1Entries = FreshImage.l1Entries(geometry, virtualSize);
        long l1Offset = appendL1Table(l1Entries);
        writeBuffer();
        long others = geometry.clusterOf(bufferStart);
        FreshRefcounts refcounts = FreshRefcounts.plan(file.name(), geometry, others, others);
        file.setSize(refcounts.fileSize());
        refcounts.writeTo(file);
        file.write(
                0,
                FreshHeader.of(
                                geometry,
                                virtualSize,
                                refcounts.tables(l1Offset, l1Entries),
                                CompressionType.ZLIB,
                                identity,
                                null)
                        .encode());
        file.flush();
        return new Written(virtualSize, refcounts.fileSize());
    }

    private long appendL1Table(int entries) throws IOException {
        long offset = bufferStart + buffer.position();
        int perCluster = geometry.clusterSize() / Long.BYTES;
        for (int first = 0; first < entries; first += perCluster) {
            int count = Math.max(0, Math.min(perCluster, l1Table.length - first));
            for (int i = 0; i < count; i++) {
                l2Table.putLong(i * Long.BYTES, l1Table[first + i]);
            }
            append(l2Table.duplicate());
            MemorySegment.ofBuffer(l2Table).fill((byte) 0);
        }
        return offset;
    }
}
