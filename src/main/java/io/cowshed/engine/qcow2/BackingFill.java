package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.Extent;
import io.cowshed.engine.block.Extents;
import io.cowshed.engine.block.OrderedWork;
import io.cowshed.engine.qcow2.format.ClusterGeometry;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Stores in an image what it would lack on another backing image, or on none: then {@link
 * WritableQcow2Image#changeBacking} changes nothing of what is read. Until then nothing is changed either, and each part of the
 * work that was done need not be done again.
 *
 * <p>What the image stores itself, data or zeros, stays as it is. Of the rest, subcluster by subcluster,
 *
 * <ul>
 *   <li>what both backing images know to be zero, and what is the same place in the same file in both, is left out, unread;
 *   <li>what is zero, where the next backing image may hold something else, becomes zeros that are stored without data;
 *   <li>that below which there will be nothing but zeros is copied, unread, within the kernel where that can do it;
 *   <li>all else is read and compared, and copied where it differs.
 * </ul>
 *
 * <p>Memory: as {@link DeltaCopy} without compression, of subclusters for clusters. The image's present backing image and the
 * next one must not change meanwhile. For one thread.
 */
public final class BackingFill {

    /** Some milliseconds' work: an interrupt is heeded after it. */
    private static final int PIECE = 2 << 20;

    /** Subclusters that are zeros are told of after so many. */
    private static final int ZEROS_AT_ONCE = 4096;

    private final WritableQcow2Image image;
    private final PaddedDisk source;
    private final @Nullable PaddedDisk next;
    private final ClusterGeometry unit;
    private final boolean hasZeroFlag;
    private final DeltaPieces pieces;
    private final OrderedWork<DeltaPiece> work;
    private final LongConsumer progress;

    private BackingFill(
            WritableQcow2Image image,
            @Nullable DiskImage next,
            ClusterGeometry unit,
            DeltaPieces pieces,
            OrderedWork<DeltaPiece> work,
            LongConsumer progress) {
        DiskImage below = image.backing();
        this.image = image;
        this.source = new PaddedDisk(below == null ? image : below);
        this.next = next == null ? null : new PaddedDisk(next);
        this.unit = unit;
        this.hasZeroFlag = image.header().version() >= 3;
        this.pieces = pieces;
        this.work = work;
        this.progress = progress;
    }

    /**
     * Fills the image. It is durable when the image is next flushed.
     *
     * @param next what the image is to lie on, opened apart from it; null for nothing
     * @param progress is told, in the calling thread, how many more bytes are done of those that {@link #work} counts; 0 says
     *     that all is well. It is told every few milliseconds, however little there is to do. What it throws ends the work, and
     *     nothing goes on in the background then
     * @throws InterruptedException when the calling thread was interrupted: nothing goes on in the background then
     */
    public static void fill(WritableQcow2Image image, @Nullable DiskImage next, LongConsumer progress)
            throws IOException, InterruptedException {
        image.prepareFor(next == null ? 0 : next.virtualSize());
        ClusterGeometry unit = unit(image.header().geometry());
        DeltaRuns runs = runs(image, unit, next);
        // The threads end before the pieces that they use are closed.
        try (DeltaPieces pieces = new DeltaPieces(unit, null);
                OrderedWork<DeltaPiece> work = new OrderedWork<>("fill", OrderedWork.usualThreads())) {
            new BackingFill(image, next, unit, pieces, work, progress).run(runs);
        } catch (ClosedByInterruptException e) {
            Thread.interrupted();
            throw (InterruptedException) new InterruptedException().initCause(e);
        }
    }

    /**
     * How many bytes {@link #fill} will have to copy or look at; found out from the extents.
     *
     * @param geometry that of the image's header
     * @throws InterruptedException when the calling thread was interrupted
     */
    public static long work(DiskImage image, ClusterGeometry geometry, @Nullable DiskImage next)
            throws IOException, InterruptedException {
        DeltaRuns runs = runs(image, unit(geometry), next);
        long work = 0;
        for (DeltaRuns.Run run = runs.next(); run != null; run = runs.next()) {
            work += run.own() > 0 ? 0 : run.work();
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
        }
        return work;
    }

    /** Clusters as large as the image's subclusters: of each, all is stored in the image or nothing. */
    private static ClusterGeometry unit(ClusterGeometry geometry) {
        return new ClusterGeometry(geometry.subclusterBits(), false, geometry.refcountOrder());
    }

    private static DeltaRuns runs(DiskImage image, ClusterGeometry unit, @Nullable DiskImage next) {
        return new DeltaRuns(image, next, unit, false, null, image.virtualSize());
    }

    private void run(DeltaRuns runs) throws IOException, InterruptedException {
        for (DeltaRuns.Run run = runs.next(); run != null; run = runs.next()) {
            work.heedInterrupt();
            if (run.own() == 0) {
                switch (run.kind()) {
                    case LEFT_OUT -> {}
                    case ZERO -> hide(run.start(), run.end());
                    case KEPT -> copy(run.start(), run.end());
                    case EXAMINED -> pieces.gather(run, this::giveOpen);
                }
            }
            progress.accept(0);
        }
        giveOpen();
        while (!work.isEmpty()) {
            settle(work.take());
        }
    }

    /** Stores zeros where nothing is stored. */
    private void hide(long start, long end) throws IOException, InterruptedException {
        Extents extents = Extents.of(image, start, end - start);
        for (Extent extent = extents.next(); extent != null; extent = extents.next()) {
            if (extent.depth() == 0 && extent.present()) {
                continue;
            }
            long most = (long) ZEROS_AT_ONCE << unit.clusterBits();
            for (long at = extent.start(); at < extent.end(); at += most) {
                long length = Math.min(most, extent.end() - at);
                if (hasZeroFlag) {
                    image.writeZeros(at, length);
                } else {
                    image.fill(at, length);
                }
                work.heedInterrupt();
                progress.accept(0);
            }
        }
    }

    private void copy(long start, long end) throws IOException, InterruptedException {
        for (long at = start; at < end; at += PIECE) {
            long length = Math.min(PIECE, end - at);
            image.fill(at, length);
            work.heedInterrupt();
            progress.accept(length);
        }
    }

    private void giveOpen() throws IOException, InterruptedException {
        DeltaPiece piece = pieces.gathered();
        if (piece != null) {
            if (work.isFull()) {
                settle(work.take());
            }
            work.give(() -> piece.examine(source, next));
        }
    }

    private void settle(DeltaPiece piece) throws IOException, InterruptedException {
        for (int i = 0; i < piece.count(); ) {
            DeltaPiece.Verdict verdict = piece.verdict(i);
            int last = i;
            while (last + 1 < piece.count() && piece.verdict(last + 1) == verdict) {
                last++;
            }
            long start = piece.startOf(i);
            long end = piece.endOf(last);
            switch (verdict) {
                case ZEROS_OVER_ZEROS, EQUAL -> progress.accept(end - start);
                case ZEROS -> {
                    hide(start, end);
                    progress.accept(end - start);
                }
                case DATA -> copy(start, end);
            }
            i = last + 1;
        }
        pieces.giveBack(piece);
    }
}
