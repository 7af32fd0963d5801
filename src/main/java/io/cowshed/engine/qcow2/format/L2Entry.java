package io.cowshed.engine.qcow2.format;

import org.jspecify.annotations.Nullable;

/**
 * An entry of an L2 table (specification, "L2 table entry" and "Extended L2 entries"). The first word:
 *
 * <pre>
 *  0 - 61  cluster descriptor
 *      62  0: standard, 1: compressed
 *      63  COPIED: the cluster's refcount is exactly 1
 * </pre>
 *
 * Standard descriptor:
 *
 * <pre>
 *       0  reads as zeros (version 3 without extended L2 entries; else reserved)
 *  1 -  8  reserved
 *  9 - 55  offset of the cluster; 0: none
 * 56 - 61  reserved
 * </pre>
 *
 * Compressed descriptor, with x = 62 - (cluster_bits - 8):
 *
 * <pre>
 *  0 - x-1 offset of the compressed bytes, aligned to nothing
 *  x - 61  number of 512-byte sectors they go on into after the first
 * </pre>
 *
 * The second word, of extended entries only: bit n says that subcluster n is allocated, bit 32 + n that it reads as
 * zeros; both must not be set, and both words' bits are 0 for a compressed cluster.
 *
 * <p>Only words: a table stays a {@code long[]} or a buffer.
 */
public final class L2Entry {

    static final long OFFSET_MASK = 0x00ff_ffff_ffff_fe00L;
    static final long COPIED = 1L << 63;
    static final long COMPRESSED = 1L << 62;
    static final long ZERO = 1;
    private static final long STANDARD_RESERVED_MASK = ~(OFFSET_MASK | COPIED | COMPRESSED | ZERO);
    private static final int SECTOR_BITS = 9;
    private static final int SECTOR = 1 << SECTOR_BITS;

    private L2Entry() {}

    /** The entry of a cluster that lies at {@code hostOffset}, with refcount 1. */
    public static long data(long hostOffset) {
        return hostOffset | COPIED;
    }

    /** The entry of a cluster that reads as zeros and takes no space (version 3, no extended L2 entries). */
    public static long zero() {
        return ZERO;
    }

    /**
     * The entry of a compressed cluster.
     *
     * @param length bytes of compressed data, at least 1
     */
    public static long compressed(ClusterGeometry geometry, long hostOffset, int length) {
        int shift = sectorShift(geometry);
        long lastSector = (hostOffset + length - 1) >>> SECTOR_BITS;
        long sectors = lastSector - (hostOffset >>> SECTOR_BITS);
        if (hostOffset >>> shift != 0 || sectors >>> (62 - shift) != 0) {
            throw new IllegalArgumentException(length + " compressed bytes at " + hostOffset);
        }
        return COMPRESSED | sectors << shift | hostOffset;
    }

    public static boolean isCopied(long descriptor) {
        return (descriptor & COPIED) != 0;
    }

    public static boolean isCompressed(long descriptor) {
        return (descriptor & COMPRESSED) != 0;
    }

    /** Where the cluster of a standard entry lies, 0 where there is none. */
    public static long hostOffset(long descriptor) {
        return descriptor & OFFSET_MASK;
    }

    /**
     * What is wrong with an entry in itself, or null. Reserved bits are refused: what they would mean is unknown.
     *
     * @param subclusters the second word, 0 without extended L2 entries
     */
    public static @Nullable String fault(long descriptor, long subclusters, Qcow2Header header) {
        boolean extended = header.geometry().extendedL2();
        if (isCompressed(descriptor)) {
            return subclusters == 0 ? null : "a compressed cluster has subclusters";
        }
        if ((descriptor & STANDARD_RESERVED_MASK) != 0) {
            return "reserved bits are set in an entry";
        }
        if ((descriptor & ZERO) != 0 && (extended || header.version() < 3)) {
            return "a zero flag is set where the format has none";
        }
        long offset = hostOffset(descriptor);
        if (!header.geometry().isClusterAligned(offset)) {
            return "an entry points to a cluster at " + offset + ", which is not cluster-aligned";
        }
        if ((subclusters & (subclusters >>> ClusterGeometry.SUBCLUSTERS)) != 0) {
            return "a subcluster is both allocated and zero";
        }
        if (offset == 0 && (int) subclusters != 0) {
            return "a subcluster is allocated in a cluster that is not";
        }
        return null;
    }

    /**
     * Where a subcluster lies (the cluster itself without extended L2 entries). The entry must be without {@link #fault}.
     *
     * @param subcluster its index within the cluster, 0 without extended L2 entries
     */
    public static ClusterMapping mapping(long descriptor, long subclusters, int subcluster, ClusterGeometry geometry) {
        if (isCompressed(descriptor)) {
            return compressedMapping(descriptor, geometry);
        }
        long offset = hostOffset(descriptor);
        if (!geometry.extendedL2()) {
            if ((descriptor & ZERO) != 0) {
                return new ClusterMapping.Zero(offset);
            }
            return offset == 0 ? ClusterMapping.Unallocated.NOWHERE : new ClusterMapping.Data(offset);
        }
        long place = offset == 0 ? 0 : offset + ((long) subcluster << geometry.subclusterBits());
        if ((subclusters >>> (ClusterGeometry.SUBCLUSTERS + subcluster) & 1) != 0) {
            return new ClusterMapping.Zero(place);
        }
        if ((subclusters >>> subcluster & 1) != 0) {
            return new ClusterMapping.Data(place);
        }
        return place == 0 ? ClusterMapping.Unallocated.NOWHERE : new ClusterMapping.Unallocated(place);
    }

    private static ClusterMapping.Compressed compressedMapping(long descriptor, ClusterGeometry geometry) {
        int shift = sectorShift(geometry);
        long offset = descriptor & ((1L << shift) - 1);
        int sectors = (int) ((descriptor & (COMPRESSED - 1)) >>> shift) + 1;
        return new ClusterMapping.Compressed(offset, sectors * SECTOR - (int) (offset & (SECTOR - 1)));
    }

    private static int sectorShift(ClusterGeometry geometry) {
        return 62 - (geometry.clusterBits() - 8);
    }
}
