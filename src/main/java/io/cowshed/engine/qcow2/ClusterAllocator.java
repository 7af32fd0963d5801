package io.cowshed.engine.qcow2;

import io.cowshed.engine.qcow2.format.ClusterGeometry;
import java.io.IOException;

/**
 * Hands out free clusters of the file, the first ones first, and takes those back to which nothing points any more. A cluster
 * that is released in an epoch is not handed out before that epoch is on stable storage. For one thread.
 */
final class ClusterAllocator {

    private static final String REFCOUNTS = "refcount block";

    private final OrderedFile file;
    private final Refcounts refcounts;
    private final MetadataMap metadata;
    private final ClusterReleases releases;
    private final CorruptionMark corruption;
    private final ClusterGeometry geometry;

    /** There is no free cluster before this one. */
    private long hint;

    /** Where the file ended when it was opened, or cut since, in clusters. */
    private long endBefore;

    /** From this cluster on the file was never written: it reads as zeros there. */
    private long end;

    ClusterAllocator(
            OrderedFile file,
            Refcounts refcounts,
            MetadataMap metadata,
            ClusterReleases releases,
            CorruptionMark corruption,
            ClusterGeometry geometry)
            throws IOException {
        this.file = file;
        this.refcounts = refcounts;
        this.metadata = metadata;
        this.releases = releases;
        this.corruption = corruption;
        this.geometry = geometry;
        this.endBefore = geometry.clustersFor(file.size());
        this.end = endBefore;
    }

    /**
     * Takes the first free cluster, and those after it that are free, too; each has the refcount 1 then.
     *
     * @param most how many are wanted, at least 1
     */
    ClusterRun allocate(int most) throws IOException {
        ClusterRun run = takeFrom(hint, most);
        hint = run.end();
        return run;
    }

    /**
     * Takes clusters past all that was ever written, with refcount 1 each: the file reads as zeros there.
     *
     * @param most how many are wanted, at least 1
     */
    ClusterRun append(int most) throws IOException {
        return takeFrom(end, most);
    }

    private ClusterRun takeFrom(long start, int most) throws IOException {
        long first = refcounts.nextFree(start);
        while (!refcounts.isCounted(first)) {
            refcounts.count(first);
            first = refcounts.nextFree(first);
        }
        return take(first, refcounts.freeRun(first, most));
    }

    /** From this cluster on the file was never written. */
    long end() {
        return end;
    }

    /** Takes {@code count} clusters that lie in a row. */
    ClusterRun allocateTogether(int count) throws IOException {
        long first = refcounts.nextFree(hint);
        while (refcounts.isCounted(first)) {
            int free = refcounts.freeRun(first, count);
            if (free == count) {
                return take(first, count);
            }
            first = refcounts.nextFree(first + free);
        }
        long start = refcounts.extend(count);
        end = Math.max(end, start + count);
        return new ClusterRun(start, count, false);
    }

    private ClusterRun take(long first, int count) throws IOException {
        for (long cluster = first; cluster < first + count; cluster++) {
            if (metadata.contains(cluster)) {
                throw corruption.set(
                        REFCOUNTS, geometry.clusterStart(cluster), "it counts metadata there as a free cluster");
            }
        }
        for (long cluster = first; cluster < first + count; cluster++) {
            refcounts.set(cluster, 1);
        }
        boolean untouched = first >= end;
        end = Math.max(end, first + count);
        return new ClusterRun(first, count, untouched);
    }

    /** Takes clusters back that were handed out, and that nothing was made to point to. */
    void takeBack(ClusterRun run) throws IOException {
        for (long cluster = run.first(); cluster < run.end(); cluster++) {
            refcounts.set(cluster, 0);
        }
        hint = Math.min(hint, run.first());
    }

    /** Whether a cluster is used exactly once, so that it may be written in place. */
    boolean isOwned(String structure, long offset) throws IOException {
        long refcount = refcounts.get(geometry.clusterOf(offset));
        if (refcount == 0) {
            throw corruption.set(structure, offset, "it is in use, and its refcount is 0");
        }
        return refcount == 1;
    }

    /** Notes that one pointer less leads to the cluster at {@code offset}. */
    void release(long offset) {
        releases.add(geometry.clusterOf(offset));
    }

    /** Makes sure that the file does not end before the clusters handed out do. */
    void extendFile() throws IOException {
        if (end > endBefore && geometry.clusterStart(end) > file.size()) {
            file.setSize(geometry.clusterStart(end));
        }
    }

    /** Lowers the refcounts of what was released, and gives the space back of what is free now. */
    void carryOutReleases() throws IOException {
        long holeStart = 0;
        long holeEnd = 0;
        for (long cluster : releases.take()) {
            long refcount = refcounts.get(cluster);
            if (refcount == 0) {
                throw corruption.set(
                        REFCOUNTS, geometry.clusterStart(cluster), "a cluster that was in use has the refcount 0");
            }
            refcounts.set(cluster, refcount - 1);
            if (refcount == 1) {
                metadata.remove(cluster);
                hint = Math.min(hint, cluster);
                end = Math.max(end, cluster + 1);
                if (cluster != holeEnd) {
                    punch(holeStart, holeEnd);
                    holeStart = cluster;
                }
                holeEnd = cluster + 1;
            }
        }
        punch(holeStart, holeEnd);
    }

    private void punch(long first, long afterLast) throws IOException {
        if (first < afterLast) {
            file.punchHole(geometry.clusterStart(first), geometry.clusterStart(afterLast - first));
        }
    }

    /** Cuts the file after the last cluster that is in use. */
    void truncate() throws IOException {
        long clusters = geometry.clustersFor(file.size());
        long used = clusters;
        while (used > 1 && refcounts.get(used - 1) == 0) {
            used--;
        }
        if (used < clusters) {
            file.setSize(geometry.clusterStart(used));
            end = used;
            endBefore = used;
        }
    }
}
