package io.cowshed.engine.qcow2.format;

import org.jspecify.annotations.Nullable;

/**
 * An L2 entry taken apart to be changed, whether extended or not: a standard entry is like an extended one with a single
 * subcluster (specification, "Extended L2 Entries"). Bit n of the masks is subcluster n.
 *
 * @param hostOffset where the cluster lies in the file, 0 where there is none or it is compressed
 * @param allocated the subclusters whose data is in the cluster
 * @param zeros the subclusters that read as zeros, none of which is allocated
 * @param compressed where the cluster lies compressed; null where it does not
 */
public record L2EntryState(long hostOffset, int allocated, int zeros, ClusterMapping.@Nullable Compressed compressed) {

    /** Nothing here. */
    public static final L2EntryState NONE = new L2EntryState(0, 0, 0, null);

    /** All subclusters of a cluster. */
    public static int all(ClusterGeometry geometry) {
        return geometry.extendedL2() ? -1 : 1;
    }

    /** Takes an entry apart that is without {@link L2Entry#fault}. */
    public static L2EntryState of(long descriptor, long subclusters, ClusterGeometry geometry) {
        ClusterMapping mapping = L2Entry.mapping(descriptor, subclusters, 0, geometry);
        if (mapping instanceof ClusterMapping.Compressed cluster) {
            return new L2EntryState(0, 0, 0, cluster);
        }
        long hostOffset = L2Entry.hostOffset(descriptor);
        if (geometry.extendedL2()) {
            return new L2EntryState(
                    hostOffset, (int) subclusters, (int) (subclusters >>> ClusterGeometry.SUBCLUSTERS), null);
        }
        return switch (mapping) {
            case ClusterMapping.Data ignored -> new L2EntryState(hostOffset, 1, 0, null);
            case ClusterMapping.Zero ignored -> new L2EntryState(hostOffset, 0, 1, null);
            case ClusterMapping.Unallocated ignored -> NONE;
            case ClusterMapping.Compressed ignored -> throw new AssertionError(mapping);
        };
    }

    /**
     * The entry's first word. A compressed cluster has none: entries only ever cease to be compressed here.
     *
     * @param copied whether the cluster's refcount is exactly 1; without meaning where there is no cluster
     */
    public long descriptor(ClusterGeometry geometry, boolean copied) {
        if (compressed != null) {
            throw new IllegalStateException("a compressed cluster");
        }
        long place = hostOffset == 0 || !copied ? hostOffset : L2Entry.data(hostOffset);
        return !geometry.extendedL2() && zeros != 0 ? place | L2Entry.zero() : place;
    }

    /** The entry's second word: 0 without extended L2 entries. */
    public long subclusters(ClusterGeometry geometry) {
        if (!geometry.extendedL2()) {
            return 0;
        }
        return ((long) zeros << ClusterGeometry.SUBCLUSTERS) | Integer.toUnsignedLong(allocated);
    }

    /** The subclusters whose content only this entry knows, which must be copied when the cluster is. */
    public int kept(ClusterGeometry geometry) {
        return compressed != null ? all(geometry) : allocated;
    }

    /** This entry once {@code written} subclusters were written in a cluster at {@code newHostOffset}, others kept. */
    public L2EntryState written(long newHostOffset, int written, ClusterGeometry geometry) {
        return new L2EntryState(newHostOffset, kept(geometry) | written, zeros & ~written, null);
    }
}
