package io.cowshed.engine.qcow2;

import io.cowshed.engine.qcow2.format.ClusterGeometry;
import io.cowshed.engine.qcow2.format.CompressionType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A few neighbouring clusters of a disk, looked at: whether they are zeros, or equal to what lies below, and compressed where
 * that is asked for and makes them shorter. Used for one piece after the other, because its buffers and its compressor are
 * costly to make. For one thread at a time.
 */
final class DeltaPiece implements AutoCloseable {

    private static final int USUAL_SIZE = 512 << 10;

    private final ClusterGeometry geometry;
    private final @Nullable ClusterCompressor compressor;
    private final MemorySegment zeros;
    private final ByteBuffer content;
    private final ByteBuffer compressed;
    private @Nullable ByteBuffer below;

    /** What was known of each cluster. */
    private final DeltaRuns.@Nullable Run[] runs;

    private final Verdict[] verdicts;

    /** For each cluster that is data, how long it has become: the cluster size where it is as it was. */
    private final int[] lengths;

    private long start;
    private long end;
    private int count;

    /** What a cluster turned out to be. */
    enum Verdict {
        /** It is zeros, and so is what lies below. */
        ZEROS_OVER_ZEROS,
        /** It is zeros, and what lies below is not. */
        ZEROS,
        /** It is what lies below. */
        EQUAL,
        /** None of these. */
        DATA
    }

    /** {@code zeros} are a cluster of them. */
    DeltaPiece(ClusterGeometry geometry, @Nullable CompressionType compression, MemorySegment zeros) {
        int clusters = Math.max(1, USUAL_SIZE / geometry.clusterSize());
        int size = clusters * geometry.clusterSize();
        this.geometry = geometry;
        this.compressor = compression == null ? null : ClusterCompressor.of(compression, geometry.clusterSize());
        this.zeros = zeros;
        this.content = ByteBuffer.allocateDirect(size);
        this.compressed = ByteBuffer.allocateDirect(compression == null ? 0 : size);
        this.runs = new DeltaRuns.Run[clusters];
        this.verdicts = new Verdict[clusters];
        this.lengths = new int[clusters];
    }

    /** Forgets the clusters that it held; the next ones begin at {@code newStart}. */
    void begin(long newStart) {
        start = newStart;
        end = newStart;
        count = 0;
    }

    /** Whether a cluster that begins at {@code offset} is one that can be added. */
    boolean takes(long offset) {
        return offset == end && count < runs.length;
    }

    /** Adds clusters of a run from {@code offset} on, as many as there is room for; returns where the last of them ends. */
    long add(DeltaRuns.Run run, long offset) {
        end = offset;
        while (end < run.end() && count < runs.length) {
            runs[count++] = run;
            end = Math.min(run.end(), end + geometry.clusterSize());
        }
        return end;
    }

    /** Looks at the clusters that were added. */
    DeltaPiece examine(PaddedDisk source, @Nullable PaddedDisk backing) throws IOException {
        int clusterSize = geometry.clusterSize();
        content.clear().limit(count * clusterSize);
        source.read(start, content);
        if (backing != null) {
            readBelow(backing);
        }
        for (int i = 0; i < count; i++) {
            verdicts[i] = judge(i);
            lengths[i] = clusterSize;
            if (verdicts[i] == Verdict.DATA && compressor != null) {
                ByteBuffer cluster = content.slice(i * clusterSize, clusterSize);
                int length = compressor.compress(cluster, compressed.slice(i * clusterSize, clusterSize));
                lengths[i] = length == 0 ? clusterSize : length;
            }
        }
        return this;
    }

    /** Reads what lies below those clusters that are compared with it. */
    private void readBelow(PaddedDisk backing) throws IOException {
        for (int first = 0; first < count; ) {
            int next = first + 1;
            if (isCompared(first)) {
                while (next < count && isCompared(next)) {
                    next++;
                }
                ByteBuffer buffer = below;
                if (buffer == null) {
                    buffer = ByteBuffer.allocateDirect(content.capacity());
                    below = buffer;
                }
                int from = first * geometry.clusterSize();
                buffer.clear().limit(next * geometry.clusterSize()).position(from);
                backing.read(start + from, buffer);
            }
            first = next;
        }
    }

    private Verdict judge(int index) {
        long from = (long) index * geometry.clusterSize();
        int length = lengthOf(index);
        MemorySegment cluster = MemorySegment.ofBuffer(content.duplicate().clear());
        boolean zero = isEqual(cluster, from, zeros, 0, length);
        if (below != null && isCompared(index)) {
            MemorySegment other = MemorySegment.ofBuffer(below.duplicate().clear());
            if (isEqual(cluster, from, other, from, length)) {
                return zero ? Verdict.ZEROS_OVER_ZEROS : Verdict.EQUAL;
            }
        } else if (zero && run(index).belowZero()) {
            return Verdict.ZEROS_OVER_ZEROS;
        }
        return zero ? Verdict.ZEROS : Verdict.DATA;
    }

    private static boolean isEqual(MemorySegment one, long from, MemorySegment other, long otherFrom, int length) {
        return MemorySegment.mismatch(one, from, from + length, other, otherFrom, otherFrom + length) < 0;
    }

    private boolean isCompared(int index) {
        return run(index).kind() == DeltaRuns.Kind.EXAMINED && !run(index).belowZero();
    }

    private DeltaRuns.Run run(int index) {
        DeltaRuns.Run run = runs[index];
        if (run == null) {
            throw new IllegalStateException("a piece of fewer clusters");
        }
        return run;
    }

    int count() {
        return count;
    }

    /** The offset in the disk at which a cluster begins. */
    long startOf(int index) {
        return start + geometry.clusterStart(index);
    }

    /** The offset in the disk at which a cluster ends: with the disk, if it is the last one. */
    long endOf(int index) {
        return Math.min(end, startOf(index + 1));
    }

    /** Bytes of the disk that a cluster has. */
    int lengthOf(int index) {
        return (int) (endOf(index) - startOf(index));
    }

    /** Bytes of a cluster that the source's topmost image held as data. */
    long ownOf(int index) {
        return run(index).ownOf(lengthOf(index));
    }

    Verdict verdict(int index) {
        return verdicts[index];
    }

    /** Whether a cluster is data that the kernel can copy from the source: it is neither compressed nor to be. */
    boolean isLeftToCopy(int index) {
        return verdicts[index] == Verdict.DATA
                && compressor == null
                && !run(index).compressed();
    }

    /** Gives a cluster of data to the image. */
    void writeTo(FreshDisk target, int index) throws IOException {
        int clusterSize = geometry.clusterSize();
        if (lengths[index] == clusterSize) {
            target.data(startOf(index), content.slice(index * clusterSize, clusterSize));
        } else {
            target.compressed(startOf(index), compressed.slice(index * clusterSize, lengths[index]));
        }
    }

    @Override
    public void close() {
        if (compressor != null) {
            compressor.close();
        }
    }
}
