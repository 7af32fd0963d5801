package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.Extent;
import io.cowshed.engine.block.Extents;
import io.cowshed.engine.block.OrderedWork;
import io.cowshed.engine.qcow2.format.ClusterGeometry;
import io.cowshed.engine.qcow2.format.ImageIdentity;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Copies a disk, whatever chain it is, to an uncompressed file that stands on its own. The kernel copies what lies in a file
 * as the guest reads it; a few threads decompress what does not. What is zero follows from the extents alone and takes no
 * space; data that holds zeros stays data, for nobody looks at it. The file is flushed once.
 *
 * <p>Memory does not grow with the disk. For one thread.
 */
public final class DiskCopy {

    /** Some milliseconds' work: an interrupt is heeded after it. */
    private static final int PIECE = 2 << 20;

    private final DiskImage source;
    private final BlockFile target;
    private final OrderedWork<Long> work;
    private final LongConsumer progress;

    private DiskCopy(DiskImage source, BlockFile target, OrderedWork<Long> work, LongConsumer progress) {
        this.source = source;
        this.target = target;
        this.work = work;
        this.progress = progress;
    }

    /**
     * Copies the whole disk to a raw file, which becomes as long as the disk.
     *
     * @param target an empty file
     * @param progress is told, in the calling thread, how many more bytes of data are done
     * @throws InterruptedException when the calling thread was interrupted: nothing goes on in the background then
     */
    public static void toRaw(DiskImage source, BlockFile target, LongConsumer progress)
            throws IOException, InterruptedException {
        target.setSize(source.virtualSize());
        try (OrderedWork<Long> work = new OrderedWork<>("copy", OrderedWork.usualThreads())) {
            new DiskCopy(source, target, work, progress).copyExtents();
        }
        target.flush();
    }

    /**
     * Copies the whole disk to a QCOW2 image, the very bytes of {@link StreamedImage#flat}; the header comes last.
     *
     * @param target an empty file
     * @param clusterBits log2 of the cluster size, 9 to 21; {@link FreshImage#DEFAULT_CLUSTER_BITS} where there is no wish
     * @param identity who the image is, or null to leave that out
     * @param progress is told, in the calling thread, how many more bytes of data are done
     * @return the length of the file, in bytes
     * @throws ImageTooLargeException when the format cannot hold the disk with this cluster size
     * @throws InterruptedException when the calling thread was interrupted: nothing goes on in the background then
     */
    public static long toQcow2(
            DiskImage source,
            BlockFile target,
            int clusterBits,
            @Nullable ImageIdentity identity,
            LongConsumer progress)
            throws IOException, InterruptedException {
        StreamedImage plan = StreamedImage.flat(source, clusterBits, identity);
        target.setSize(plan.length());
        try (OrderedWork<Long> work = new OrderedWork<>("copy", OrderedWork.usualThreads())) {
            new DiskCopy(source, target, work, progress).copyClusters(plan);
        }
        writeMetadata(plan, target);
        target.write(0, plan.header());
        target.flush();
        return plan.length();
    }

    private void copyExtents() throws IOException, InterruptedException {
        Extents extents = Extents.of(source);
        for (Extent extent = extents.next(); extent != null; extent = extents.next()) {
            if (!extent.zero()) {
                copy(extent.start(), extent.end(), extent.start());
            }
        }
        takeAll();
    }

    private void copyClusters(StreamedImage plan) throws IOException, InterruptedException {
        ClusterGeometry geometry = plan.geometry();
        long at = geometry.clusterStart(plan.dataStart());
        ClusterRuns runs = plan.runs();
        for (ClusterRuns.Run run = runs.next(); run != null; run = runs.next()) {
            long end = Math.min(source.virtualSize(), geometry.clusterStart(run.end()));
            copy(geometry.clusterStart(run.first()), end, at);
            at += geometry.clusterStart(run.count());
        }
        takeAll();
    }

    private void copy(long start, long end, long targetPosition) throws IOException, InterruptedException {
        for (long offset = start; offset < end; offset += PIECE) {
            if (work.isFull()) {
                progress.accept(work.take());
            }
            long from = offset;
            long length = Math.min(PIECE, end - offset);
            long to = targetPosition + offset - start;
            work.give(() -> {
                source.copyTo(from, length, target, to);
                return length;
            });
        }
    }

    private void takeAll() throws IOException, InterruptedException {
        while (!work.isEmpty()) {
            progress.accept(work.take());
        }
    }

    /** Writes all but the header and the data. */
    private static void writeMetadata(StreamedImage plan, BlockFile target) throws IOException {
        long start = plan.geometry().clusterSize();
        long end = plan.geometry().clusterStart(plan.dataStart());
        StreamCursor cursor = new StreamCursor(plan, start);
        ByteBuffer piece = ByteBuffer.allocateDirect((int) Math.min(BlockFile.COPY_PIECE, end - start));
        for (long at = start; at < end; at += piece.limit()) {
            cursor.read(piece.clear().limit((int) Math.min(piece.capacity(), end - at)));
            target.write(at, piece.flip());
        }
    }
}
