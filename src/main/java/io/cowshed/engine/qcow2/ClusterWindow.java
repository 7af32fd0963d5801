package io.cowshed.engine.qcow2;

import java.util.Arrays;

/** A set of clusters of a part of a file: a fixed amount of memory that moves over the file, however long it is. */
final class ClusterWindow {

    /** 2 MiB of bits, which with 64 KiB clusters are 1 TiB of file. */
    static final int MAX_CLUSTERS = 16 << 20;

    private final long[] bits;
    private long start;

    /** A window of {@code clusters}, at most {@value #MAX_CLUSTERS}, that begins at cluster 0. */
    ClusterWindow(int clusters) {
        this.bits = new long[Math.ceilDiv(clusters, Long.SIZE)];
    }

    /** Moves to the clusters from {@code newStart} on, and forgets all. */
    void moveTo(long newStart) {
        start = newStart;
        Arrays.fill(bits, 0);
    }

    /** Whether {@code cluster} lies in the window at all. */
    boolean covers(long cluster) {
        return cluster >= start && cluster - start < (long) bits.length * Long.SIZE;
    }

    boolean contains(long cluster) {
        return covers(cluster) && (bits[word(cluster)] >>> (cluster - start) & 1) != 0;
    }

    /** Adds a cluster that the window covers; false if it was there before. */
    boolean add(long cluster) {
        boolean isNew = !contains(cluster);
        bits[word(cluster)] |= 1L << (cluster - start);
        return isNew;
    }

    private int word(long cluster) {
        return (int) ((cluster - start) / Long.SIZE);
    }
}
