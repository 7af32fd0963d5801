package io.cowshed.engine.qcow2;

import java.util.Arrays;

/** The clusters to which a pointer was dropped in this epoch, once for each pointer. For one thread. */
final class ClusterReleases {

    /** 8 MiB; a run of clusters of 64 KiB as long as 64 GiB. */
    private static final int MOST = 1 << 20;

    private long[] clusters = new long[64];
    private int count;

    void add(long cluster) {
        if (count == clusters.length) {
            clusters = Arrays.copyOf(clusters, count * 2);
        }
        clusters[count++] = cluster;
    }

    boolean isCrowded() {
        return count >= MOST;
    }

    /** All of them, in ascending order; there are none any more then. */
    long[] take() {
        long[] taken = Arrays.copyOf(clusters, count);
        Arrays.sort(taken);
        count = 0;
        return taken;
    }
}
