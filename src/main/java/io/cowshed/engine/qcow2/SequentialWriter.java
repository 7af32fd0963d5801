package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.qcow2.format.ClusterGeometry;
import io.cowshed.engine.qcow2.format.CompressionType;
import io.cowshed.engine.qcow2.format.ImageIdentity;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Writes a fresh image from a disk's bytes as they come, first to last, whose length need not be known: version 3, 16-bit
 * refcounts, no backing file. Clusters of zeros are left out. The header is written last: a file that was broken off is no
 * image.
 *
 * <p>Memory is two megabytes and an L1 table: 8 bytes for each {@link ClusterGeometry#l2Coverage()} bytes of disk (512 MiB
 * with clusters of 64 KiB). For one thread.
 */
public final class SequentialWriter {

    private final BlockFile file;
    private final ClusterGeometry geometry;
    private final ImageIdentity identity;
    private final long limit;

    /** The guest cluster under way: as much of it as has come. */
    private final ByteBuffer partial;

    private final MemorySegment zeros;
    private final FreshDisk disk;
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
        this.partial = ByteBuffer.allocateDirect(clusterSize);
        this.zeros = MemorySegment.ofBuffer(ByteBuffer.allocateDirect(clusterSize));
        this.disk = new FreshDisk(file, geometry);
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
        if (MemorySegment.ofBuffer(content).mismatch(zeros) >= 0) {
            disk.data(guestOffset, content);
        }
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
        return new Written(virtualSize, disk.finish(virtualSize, CompressionType.ZLIB, identity, null));
    }
}
