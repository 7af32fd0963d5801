package io.cowshed.engine.qcow2;

import io.cowshed.engine.qcow2.format.ClusterGeometry;
import io.cowshed.engine.qcow2.format.CompressionType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * A few neighbouring clusters of a disk, read, and compressed where that makes them shorter. Used for one piece after the
 * other, because its buffers and its compressor are costly to make. For one thread at a time.
 */
final class CompressedPiece implements AutoCloseable {

    private static final int USUAL_SIZE = 512 << 10;

    private final ClusterGeometry geometry;
    private final ClusterCompressor compressor;
    private final MemorySegment zeros;
    private final ByteBuffer content;
    private final ByteBuffer compressed;

    /** For each cluster how long it has become: 0 where it is zeros, the cluster size where it is as it was. */
    private final int[] lengths;

    private long first;
    private int count;

    CompressedPiece(ClusterGeometry geometry, CompressionType type) {
        int clusters = mostClusters(geometry);
        int size = clusters * geometry.clusterSize();
        this.geometry = geometry;
        this.compressor = ClusterCompressor.of(type, geometry.clusterSize());
        this.zeros = MemorySegment.ofBuffer(ByteBuffer.allocateDirect(geometry.clusterSize()));
        this.content = ByteBuffer.allocateDirect(size);
        this.compressed = ByteBuffer.allocateDirect(size);
        this.lengths = new int[clusters];
    }

    /** The most clusters that a piece holds. */
    static int mostClusters(ClusterGeometry geometry) {
        return Math.max(1, USUAL_SIZE / geometry.clusterSize());
    }

    /** Reads and compresses {@code newCount} clusters from {@code newFirst} on, in place of those it held. */
    CompressedPiece fill(PaddedDisk disk, long newFirst, int newCount) throws IOException {
        first = newFirst;
        count = newCount;
        int clusterSize = geometry.clusterSize();
        content.clear().limit(count * clusterSize);
        disk.read(geometry.clusterStart(first), content);
        for (int i = 0; i < count; i++) {
            ByteBuffer cluster = content.slice(i * clusterSize, clusterSize);
            if (MemorySegment.ofBuffer(cluster).mismatch(zeros) < 0) {
                lengths[i] = 0;
            } else {
                int length = compressor.compress(cluster.duplicate(), compressed.slice(i * clusterSize, clusterSize));
                lengths[i] = length == 0 ? clusterSize : length;
            }
        }
        return this;
    }

    /** Gives the clusters that are not zeros to the image. */
    void writeTo(FreshDisk target) throws IOException {
        int clusterSize = geometry.clusterSize();
        for (int i = 0; i < count; i++) {
            long guestOffset = geometry.clusterStart(first + i);
            if (lengths[i] == clusterSize) {
                target.data(guestOffset, content.slice(i * clusterSize, clusterSize));
            } else if (lengths[i] > 0) {
                target.compressed(guestOffset, compressed.slice(i * clusterSize, lengths[i]));
            }
        }
    }

    /** Bytes of disk that it holds, the zeros past the disk's end included. */
    long length() {
        return geometry.clusterStart(count);
    }

    @Override
    public void close() {
        compressor.close();
    }
}
