package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.OrderedWork;
import io.cowshed.engine.qcow2.format.ClusterGeometry;
import io.cowshed.engine.qcow2.format.CompressionType;
import io.cowshed.engine.qcow2.format.ImageIdentity;
import java.io.IOException;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Copies a disk, whatever chain it is, to a compressed QCOW2 image that stands on its own. Clusters are read and compressed
 * by a few threads and written in guest order, so the file does not depend on how many they are. Zeros are left out, also
 * where they are data; a cluster that does not get shorter stays as it is; compressed ones are packed byte after byte, as QEMU
 * packs them. The header is written last, and the file is flushed once.
 *
 * <p>Memory is 1.5 MiB for each piece under way, two for each thread; or 8 MiB with the largest clusters.
 */
public final class CompressedCopy {

    private final DiskImage source;
    private final ClusterGeometry geometry;
    private final FreshDisk target;
    private final CompressedPieces pieces;
    private final OrderedWork<CompressedPiece> work;
    private final LongConsumer progress;

    private CompressedCopy(
            DiskImage source,
            ClusterGeometry geometry,
            FreshDisk target,
            CompressedPieces pieces,
            OrderedWork<CompressedPiece> work,
            LongConsumer progress) {
        this.source = source;
        this.geometry = geometry;
        this.target = target;
        this.pieces = pieces;
        this.work = work;
        this.progress = progress;
    }

    /**
     * What the image is to be like.
     *
     * @param clusterBits log2 of the cluster size, 9 to 21; {@link FreshImage#DEFAULT_CLUSTER_BITS} where there is no wish
     * @param compression how clusters are compressed; older readers than QEMU 5.1 know zlib only
     * @param identity who the image is, or null to leave that out
     */
    public record Options(
            int clusterBits,
            CompressionType compression,
            @Nullable ImageIdentity identity) {}

    /**
     * Copies the whole disk.
     *
     * @param target an empty file
     * @param progress is told, in the calling thread, how many more bytes of the disk's data are done
     * @return the length of the file, in bytes
     * @throws ImageTooLargeException when the format cannot hold the disk with this cluster size
     * @throws InterruptedException when the calling thread was interrupted: nothing goes on in the background then
     */
    public static long write(DiskImage source, BlockFile target, Options options, LongConsumer progress)
            throws IOException, InterruptedException {
        return write(source, target, options, progress, OrderedWork.usualThreads());
    }

    static long write(DiskImage source, BlockFile target, Options options, LongConsumer progress, int threads)
            throws IOException, InterruptedException {
        ClusterGeometry geometry = new ClusterGeometry(options.clusterBits(), false, FreshRefcounts.REFCOUNT_ORDER);
        long virtualSize = FreshImage.wholeSectors(target.name(), source.virtualSize(), geometry);
        FreshDisk disk = new FreshDisk(target, geometry);
        // The threads end before the pieces that they use are closed.
        try (CompressedPieces pieces = new CompressedPieces(geometry, options.compression());
                OrderedWork<CompressedPiece> work = new OrderedWork<>("compress", threads)) {
            new CompressedCopy(source, geometry, disk, pieces, work, progress).run();
        }
        return disk.finish(virtualSize, options.compression(), options.identity());
    }

    private void run() throws IOException, InterruptedException {
        PaddedDisk disk = new PaddedDisk(source);
        ClusterRuns runs = ClusterRuns.flat(source, geometry);
        int most = CompressedPiece.mostClusters(geometry);
        for (ClusterRuns.Run run = runs.next(); run != null; run = runs.next()) {
            for (long first = run.first(); first < run.end(); first += most) {
                if (work.isFull()) {
                    writeOldest();
                }
                CompressedPiece piece = pieces.take();
                long start = first;
                int count = (int) Math.min(most, run.end() - first);
                work.give(() -> piece.fill(disk, start, count));
            }
        }
        while (!work.isEmpty()) {
            writeOldest();
        }
    }

    private void writeOldest() throws IOException, InterruptedException {
        CompressedPiece piece = work.take();
        piece.writeTo(target);
        progress.accept(piece.length());
        pieces.giveBack(piece);
    }
}
