package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.DiskRanges;
import io.cowshed.engine.block.OrderedWork;
import io.cowshed.engine.qcow2.format.ClusterGeometry;
import io.cowshed.engine.qcow2.format.CompressionType;
import io.cowshed.engine.qcow2.format.ImageIdentity;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Writes a disk, whatever chain it is, to a fresh QCOW2 image that shows the same over a backing image, which need not be
 * the one that the disk lies on now; or over none. Past its end the backing image goes on in zeros, and the new one shows
 * nothing of it past its own.
 *
 * <p>What both know to be zero is left out, and what is the same place in the same file in both: neither is read. A cluster
 * that is zero is a cluster of zeros in the new image wherever the backing image may hold something else. Of the others
 *
 * <ul>
 *   <li>those that the source's topmost image holds itself are kept;
 *   <li>so are those below which there is nothing but zeros;
 *   <li>the rest are read and compared with what lies below, and kept where they differ;
 *   <li>{@linkplain Options#thorough thoroughly}, all of them are: what is zeros or equal is left out.
 * </ul>
 *
 * <p>The kernel copies what is kept and lies in a file as the guest reads it, and shares it between the files where the file
 * system can. What is compressed is decompressed. With {@linkplain Options#compression compression} all that is kept is read
 * and compressed, so that zeros are told in it; a cluster that does not get shorter stays as it is; compressed ones are
 * packed byte after byte, as QEMU packs them.
 *
 * <p>The file is written in guest order, so its bytes do not depend on how many threads take part; the header comes last, and
 * the file is flushed once.
 *
 * <p>Memory grows neither with the disks nor with what is found out about them: a piece is 0.5 MiB of the disk, as much of
 * what lies below, and as much compressed, or a cluster of each where that is more; there are two for each thread, and one.
 * Besides that there is what {@link DiskImage#copyTo} takes in each thread, and 8 bytes for each {@link
 * ClusterGeometry#l2Coverage()} bytes of the disk. The disks must not change meanwhile. For one thread.
 */
public final class DeltaCopy {

    /** Clusters that are kept are given to be copied when they are this many bytes. */
    private static final int PIECE = 2 << 20;

    private final PaddedDisk source;
    private final @Nullable PaddedDisk backing;
    private final DeltaRuns runs;
    private final DeltaPieces pieces;
    private final OrderedWork<Step> work;
    private final DeltaTarget target;
    private final boolean compressing;
    private final LongConsumer progress;

    /** Clusters that are kept, and not given to be copied yet. */
    private long keptStart;

    private long keptEnd;
    private long equal;
    private long free;

    private DeltaCopy(
            DiskImage source,
            @Nullable DiskImage backing,
            DeltaRuns runs,
            DeltaPieces pieces,
            OrderedWork<Step> work,
            DeltaTarget target,
            boolean compressing,
            LongConsumer progress) {
        this.source = new PaddedDisk(source);
        this.backing = backing == null ? null : new PaddedDisk(backing);
        this.runs = runs;
        this.pieces = pieces;
        this.work = work;
        this.target = target;
        this.compressing = compressing;
        this.progress = progress;
    }

    /**
     * What the image is to be like.
     *
     * @param clusterBits log2 of the cluster size, 9 to 21; {@link FreshImage#DEFAULT_CLUSTER_BITS} where there is no wish
     * @param identity who the image is, or null to leave that out
     * @param backing what the header says it lies on; null for an image that stands on its own
     * @param compression how clusters are compressed, or null for not at all; older readers than QEMU 5.1 know zlib only
     * @param thorough whether to read what the source's topmost image holds itself, too
     * @param free ranges of the disk that the guest does not use, or null where none are known: clusters that lie wholly
     *     within them become zeros. They are asked for once, from the first on
     */
    public record Options(
            int clusterBits,
            @Nullable ImageIdentity identity,
            @Nullable BackingLink backing,
            @Nullable CompressionType compression,
            boolean thorough,
            @Nullable DiskRanges free) {

        private ClusterGeometry geometry() {
            return new ClusterGeometry(clusterBits, false, FreshRefcounts.REFCOUNT_ORDER);
        }
    }

    /**
     * What came of it. Each but the first is how many bytes of the disk the source's topmost image holds as data, compressed or
     * not, and the new image does not.
     *
     * @param fileSize the length of the new file, in bytes
     * @param zeros because they are zeros
     * @param equal because the backing image shows the same
     * @param free because the guest does not use them
     */
    public record Outcome(long fileSize, long zeros, long equal, long free) {}

    /** Some clusters in a row of which it is settled what becomes of them. */
    private sealed interface Step {

        record Zeros(long start, long end) implements Step {}

        record Kept(long start, long end) implements Step {}

        record Examined(DeltaPiece piece) implements Step {}
    }

    /**
     * Writes the whole disk.
     *
     * @param source the disk, which stays the caller's
     * @param backing what the new image will lie on, opened apart from {@code source}; null for nothing
     * @param target an empty file; when this fails, the caller removes it
     * @param progress is told, in the calling thread, how many more bytes are done of those that {@link #work} counts; 0 says
     *     that all is well. It is told every few milliseconds, however little there is to do, but for the last flush. What it
     *     throws ends the work, and nothing goes on in the background then
     * @throws IllegalArgumentException when there is a backing image without its name, or the other way round
     * @throws ImageTooLargeException when the format cannot hold the disk with this cluster size
     * @throws InterruptedException when the calling thread was interrupted: nothing goes on in the background then
     */
    public static Outcome write(
            DiskImage source, @Nullable DiskImage backing, BlockFile target, Options options, LongConsumer progress)
            throws IOException, InterruptedException {
        return write(source, backing, target, options, progress, OrderedWork.usualThreads());
    }

    static Outcome write(
            DiskImage source,
            @Nullable DiskImage backing,
            BlockFile target,
            Options options,
            LongConsumer progress,
            int threads)
            throws IOException, InterruptedException {
        if ((backing == null) != (options.backing() == null)) {
            throw new IllegalArgumentException("a backing image and its name go together");
        }
        ClusterGeometry geometry = options.geometry();
        long virtualSize = FreshImage.wholeSectors(target.name(), source.virtualSize(), geometry);
        FreeClusters free = options.free() == null
                ? null
                : new FreeClusters(options.free(), geometry, source.virtualSize(), progress);
        DeltaRuns runs = new DeltaRuns(source, backing, geometry, options.thorough(), free, virtualSize);
        FreshDisk disk = new FreshDisk(target, geometry);
        DeltaCopy copy;
        // The threads end before the pieces that they use are closed.
        try (DeltaPieces pieces = new DeltaPieces(geometry, options.compression());
                DeltaTarget delta = new DeltaTarget(source, target, geometry, disk, threads, progress);
                OrderedWork<Step> work = new OrderedWork<>("delta", threads)) {
            boolean compressing = options.compression() != null;
            copy = new DeltaCopy(source, backing, runs, pieces, work, delta, compressing, progress);
            copy.run();
        } catch (ClosedByInterruptException e) {
            Thread.interrupted();
            throw (InterruptedException) new InterruptedException().initCause(e);
        }
        CompressionType compression = options.compression() == null ? CompressionType.ZLIB : options.compression();
        long fileSize = disk.finish(virtualSize, compression, options.identity(), options.backing());
        return new Outcome(fileSize, copy.target.zeroBytes(), copy.target.equalBytes() + copy.equal, copy.free);
    }

    /**
     * How many bytes {@link #write} will have to copy or look at, what is free included; found out from the extents.
     *
     * @throws ImageTooLargeException when the format cannot hold the disk with this cluster size
     * @throws InterruptedException when the calling thread was interrupted
     */
    public static long work(DiskImage source, @Nullable DiskImage backing, Options options)
            throws IOException, InterruptedException {
        ClusterGeometry geometry = options.geometry();
        long virtualSize = FreshImage.wholeSectors("the copy", source.virtualSize(), geometry);
        DeltaRuns runs = new DeltaRuns(source, backing, geometry, options.thorough(), null, virtualSize);
        long work = 0;
        for (DeltaRuns.Run run = runs.next(); run != null; run = runs.next()) {
            work += run.work();
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
        }
        return work;
    }

    private void run() throws IOException, InterruptedException {
        for (DeltaRuns.Run run = runs.next(); run != null; run = runs.next()) {
            work.heedInterrupt();
            switch (run.kind()) {
                case LEFT_OUT -> {}
                case ZERO -> {
                    giveOpen();
                    give(new Step.Zeros(run.start(), run.end()));
                }
                case KEPT -> {
                    if (compressing) {
                        pieces.gather(run, this::giveOpen);
                    } else {
                        keep(run);
                    }
                }
                case EXAMINED -> pieces.gather(run, this::giveOpen);
            }
            if (run.freed()) {
                free += run.own();
            } else if (run.kind() == DeltaRuns.Kind.LEFT_OUT) {
                equal += run.own();
            }
            progress.accept(run.freed() ? run.work() : 0);
        }
        giveOpen();
        while (!work.isEmpty()) {
            settle(work.take());
        }
        target.await();
    }

    private void keep(DeltaRuns.Run run) throws IOException, InterruptedException {
        if (run.start() != keptEnd || keptEnd - keptStart >= PIECE) {
            giveOpen();
            keptStart = run.start();
        }
        keptEnd = run.end();
    }

    /** Gives what clusters were gathered: those that come next are of another kind, or too many. */
    private void giveOpen() throws IOException, InterruptedException {
        if (keptEnd > keptStart) {
            Step.Kept kept = new Step.Kept(keptStart, keptEnd);
            keptStart = keptEnd;
            give(kept);
        }
        DeltaPiece piece = pieces.gathered();
        if (piece != null) {
            settleIfFull();
            work.give(() -> new Step.Examined(piece.examine(source, backing)));
        }
    }

    /** Gives what waits only for what comes before it. */
    private void give(Step step) throws IOException, InterruptedException {
        if (work.isEmpty()) {
            settle(step);
        } else {
            settleIfFull();
            work.give(() -> step);
        }
    }

    private void settleIfFull() throws IOException, InterruptedException {
        if (work.isFull()) {
            settle(work.take());
        }
    }

    private void settle(Step step) throws IOException, InterruptedException {
        switch (step) {
            case Step.Zeros(long start, long end) -> target.zeros(start, end);
            case Step.Kept(long start, long end) -> target.copy(start, end);
            case Step.Examined(DeltaPiece piece) -> {
                target.put(piece);
                pieces.giveBack(piece);
            }
        }
    }
}
