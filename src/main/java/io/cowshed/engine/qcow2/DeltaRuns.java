package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.Extent;
import io.cowshed.engine.block.Extents;
import io.cowshed.engine.qcow2.format.ClusterGeometry;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of the clusters of a disk when it is written as a delta over another, in guest order, as far as the extents
 * of both tell: nothing is read. Past its end either disk goes on in zeros. The runs are looked up as they are asked for,
 * each in little time however large the disks are. For one thread.
 */
final class DeltaRuns {

    /** How far extents are asked about at once: fragments within them are gone over again for each of those above. */
    private static final long LOOK_AHEAD = 64L << 20;

    private final Side source;
    private final Side below;
    private final ClusterGeometry geometry;
    private final boolean thorough;
    private final @Nullable FreeClusters free;
    private final long end;
    private long position;

    /**
     * @param source the disk
     * @param below what the delta will lie on; null for nothing
     * @param thorough whether to look at what the source's topmost image holds itself, too
     * @param free clusters that need not be kept; null where that is not known of any
     * @param end bytes of the new disk: the source's, in whole sectors
     */
    DeltaRuns(
            DiskImage source,
            @Nullable DiskImage below,
            ClusterGeometry geometry,
            boolean thorough,
            @Nullable FreeClusters free,
            long end) {
        this.source = new Side(source);
        this.below = new Side(below);
        this.geometry = geometry;
        this.thorough = thorough;
        this.free = free;
        this.end = end;
    }

    /** What becomes of a cluster. */
    enum Kind {
        /** It shows what lies below: the same. */
        LEFT_OUT,
        /** It reads as zeros, and below there may be something else. */
        ZERO,
        /** It is data, whatever that is. */
        KEPT,
        /** It must be looked at. */
        EXAMINED
    }

    /**
     * Clusters in a row, or one cluster.
     *
     * @param start the offset in the disk, in bytes, at which the first begins
     * @param end where the last ends: with its cluster, or with the disk
     * @param freed whether they become zeros because they are free
     * @param belowZero whether what lies below is known to read as zeros
     * @param compressed whether some of it is compressed in the source
     * @param own how many bytes of them the source's topmost image holds as data: of several clusters, none or all
     * @param costly whether they would be kept or examined if they were not free
     */
    record Run(
            long start,
            long end,
            Kind kind,
            boolean freed,
            boolean belowZero,
            boolean compressed,
            long own,
            boolean costly) {

        /** In bytes. */
        long length() {
            return end - start;
        }

        /** Bytes of the work that is known beforehand, without regard to what is free. */
        long work() {
            return costly ? length() : 0;
        }

        /** How many bytes the source's topmost image holds of the {@code length} bytes of one cluster of these. */
        long ownOf(int length) {
            return Math.min(own, length);
        }
    }

    /** The next run, or null after the last. */
    @Nullable
    Run next() throws IOException {
        if (position == end) {
            return null;
        }
        long start = position;
        boolean freed = free != null && free.has(start);
        position = runEnd(start);
        boolean same = true;
        boolean zero = true;
        boolean kept = false;
        boolean belowZero = true;
        boolean compressed = false;
        long own = 0;
        for (long at = start; at < position; ) {
            Extent left = source.at(at);
            Extent right = below.at(at);
            long until = Math.min(position, alikeUntil(left, right));
            boolean leftZero = left == null || left.zero();
            boolean rightZero = right == null || right.zero();
            boolean alike = (leftZero && rightZero) || isSamePlace(left, right);
            boolean isOwn = left != null && !left.zero() && left.present() && left.depth() == 0;
            same &= alike;
            zero &= leftZero;
            kept |= !thorough && !alike && !leftZero && (isOwn || rightZero);
            belowZero &= rightZero;
            compressed |= left != null && left.compressed();
            own += isOwn ? until - at : 0;
            at = until;
        }
        Kind kind = same ? Kind.LEFT_OUT : zero ? Kind.ZERO : kept ? Kind.KEPT : Kind.EXAMINED;
        boolean costly = kind == Kind.KEPT || kind == Kind.EXAMINED;
        if (freed) {
            kind = belowZero ? Kind.LEFT_OUT : Kind.ZERO;
        }
        return new Run(start, position, kind, freed, belowZero, compressed, own, costly);
    }

    /** The end of the clusters from {@code start} on of which both disks have one extent; at least of one cluster. */
    private long runEnd(long start) throws IOException {
        long alike = Math.min(end, alikeUntil(source.at(start), below.at(start)));
        long whole = alike == end ? end : geometry.clusterStart(geometry.clusterOf(alike));
        long runEnd = Math.max(whole, Math.min(end, start + geometry.clusterSize()));
        return free == null ? runEnd : Math.min(runEnd, free.alikeUntil(start));
    }

    private static long alikeUntil(@Nullable Extent left, @Nullable Extent right) {
        return Math.min(left == null ? Long.MAX_VALUE : left.end(), right == null ? Long.MAX_VALUE : right.end());
    }

    private boolean isSamePlace(@Nullable Extent left, @Nullable Extent right) {
        return left != null
                && right != null
                && source.image != null
                && below.image != null
                && Extents.isSamePlace(source.image, left, below.image, right);
    }

    /** One of the disks, and how far its extents have been gone through. */
    private static final class Side {

        private final @Nullable DiskImage image;
        private @Nullable Extent current;

        Side(@Nullable DiskImage image) {
            this.image = image;
        }

        /** The extent that {@code offset} lies in, perhaps not all of it; offsets only grow. Null past the end. */
        @Nullable
        Extent at(long offset) throws IOException {
            if (image == null || offset >= image.virtualSize()) {
                return null;
            }
            if (current == null || current.end() <= offset) {
                current = image.extentAt(offset, Math.min(LOOK_AHEAD, image.virtualSize() - offset));
            }
            return current;
        }
    }
}
