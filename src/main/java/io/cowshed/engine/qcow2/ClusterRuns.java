package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.Extent;
import io.cowshed.engine.block.Extents;
import io.cowshed.engine.qcow2.format.ClusterGeometry;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The clusters that a copy of a disk has, in guest order, as its extents tell: nothing is read, so a cluster that is data
 * stays data even where it holds zeros. They are looked up as they are asked for: there is never a list of them. For one
 * thread.
 */
final class ClusterRuns {

    private final Extents extents;
    private final ClusterGeometry geometry;
    private final boolean topOnly;
    private final long size;
    private @Nullable Extent extent;
    private @Nullable Run pending;
    private long position;

    private ClusterRuns(DiskImage image, ClusterGeometry geometry, boolean topOnly) {
        this.extents = Extents.of(image);
        this.geometry = geometry;
        this.topOnly = topOnly;
        this.size = image.virtualSize();
    }

    /** The clusters of a copy that stands on its own: those that are not known to be zero. */
    static ClusterRuns flat(DiskImage image, ClusterGeometry geometry) {
        return new ClusterRuns(image, geometry, false);
    }

    /**
     * The clusters of a copy of the topmost image alone, over the same backing: what it leaves to the backing is left to it
     * again, and a cluster that it holds only in part is data.
     */
    static ClusterRuns delta(DiskImage image, ClusterGeometry geometry) {
        return new ClusterRuns(image, geometry, true);
    }

    /**
     * Neighbouring clusters of one kind.
     *
     * @param first the number of the first cluster of the disk
     * @param count at least 1
     * @param zero whether they read as zeros whatever the backing holds; else they are data
     */
    record Run(long first, long count, boolean zero) {

        /** The number of the first cluster after these. */
        long end() {
            return first + count;
        }
    }

    private enum Kind {
        ABSENT,
        ZERO,
        DATA
    }

    /** The next run of clusters that the copy has, or null after the last. */
    @Nullable
    Run next() throws IOException {
        Run run = pending != null ? pending : lookUp();
        pending = null;
        if (run == null) {
            return null;
        }
        while (true) {
            Run following = lookUp();
            if (following == null) {
                return run;
            }
            if (following.zero != run.zero || following.first != run.end()) {
                pending = following;
                return run;
            }
            run = new Run(run.first, run.count + following.count, run.zero);
        }
    }

    private @Nullable Run lookUp() throws IOException {
        while (position < size) {
            long first = geometry.clusterOf(position);
            Kind kind = takeClusters();
            if (kind != Kind.ABSENT) {
                return new Run(first, geometry.clustersFor(position) - first, kind == Kind.ZERO);
            }
        }
        return null;
    }

    /** Moves on over all clusters that one extent holds whole, or over one that several share, and tells their kind. */
    private Kind takeClusters() throws IOException {
        Extent current = extentAtPosition();
        long wholeEnd = current.end() == size ? size : geometry.clusterStart(geometry.clusterOf(current.end()));
        if (wholeEnd > position) {
            position = wholeEnd;
            return kind(holds(current), isZeroed(current), isShown(current));
        }
        long end = Math.min(size, position + geometry.clusterSize());
        boolean data = false;
        boolean zeroed = false;
        boolean shown = false;
        while (position < end) {
            current = extentAtPosition();
            data |= holds(current);
            zeroed |= isZeroed(current);
            shown |= isShown(current);
            position = Math.min(end, current.end());
        }
        return kind(data, zeroed, shown);
    }

    private Extent extentAtPosition() throws IOException {
        Extent current = extent;
        while (current == null || current.end() <= position) {
            current = extents.next();
            if (current == null) {
                throw new IllegalStateException("the extents end before the disk, at " + position);
            }
        }
        extent = current;
        return current;
    }

    private boolean isOwn(Extent current) {
        return !topOnly || (current.depth() == 0 && current.present());
    }

    private boolean holds(Extent current) {
        return isOwn(current) && !current.zero();
    }

    private boolean isZeroed(Extent current) {
        return topOnly && isOwn(current) && current.zero();
    }

    /** Whether it is something of the backing's that would be lost behind a cluster of zeros. */
    private boolean isShown(Extent current) {
        return !isOwn(current) && !current.zero();
    }

    private static Kind kind(boolean data, boolean zeroed, boolean shown) {
        if (data || (zeroed && shown)) {
            return Kind.DATA;
        }
        return zeroed ? Kind.ZERO : Kind.ABSENT;
    }
}
