package io.cowshed.engine.qcow2.format;

/** Where a cluster or subcluster of the disk lies: what every L2 entry comes down to. Offsets are in bytes of the file. */
public sealed interface ClusterMapping {

    /**
     * Nothing here: the backing file decides, or zeros.
     *
     * @param hostOffset the space that is kept for the subcluster (extended L2 entries allocate whole clusters), 0
     *     where there is none
     */
    record Unallocated(long hostOffset) implements ClusterMapping {
        /** Unallocated, and no space kept. */
        public static final Unallocated NOWHERE = new Unallocated(0);
    }

    /**
     * Reads as zeros, whatever the backing file holds.
     *
     * @param hostOffset the space that is kept for the (sub)cluster, 0 where there is none
     */
    record Zero(long hostOffset) implements ClusterMapping {}

    /**
     * The bytes lie in the file as they are read.
     *
     * @param hostOffset where the (sub)cluster begins
     */
    record Data(long hostOffset) implements ClusterMapping {}

    /**
     * The whole cluster lies in the file compressed.
     *
     * @param hostOffset where the compressed bytes begin, aligned to nothing
     * @param length at most how many bytes they are: the last sector may belong to something else, or lie past the
     *     end of the file
     */
    record Compressed(long hostOffset, int length) implements ClusterMapping {}
}
