package io.cowshed.engine.qcow2.format;

import org.jspecify.annotations.Nullable;

/**
 * An entry of an L1 table (specification, "L1 table entry"):
 *
 * <pre>
 *  0 -  8  reserved
 *  9 - 55  offset of the L2 table, in units of 512 bytes in place; 0: none, the range is unallocated
 * 56 - 62  reserved
 *      63  COPIED: the table's refcount is exactly 1
 * </pre>
 *
 * Only words: a table stays a {@code long[]} or a buffer.
 */
public final class L1Entry {

    static final long OFFSET_MASK = 0x00ff_ffff_ffff_fe00L;
    static final long COPIED = 1L << 63;
    private static final long RESERVED_MASK = ~(OFFSET_MASK | COPIED);

    private L1Entry() {}

    /** The entry that points to an L2 table whose refcount is 1. */
    public static long of(long l2TableOffset) {
        return l2TableOffset | COPIED;
    }

    /** Where the L2 table lies, or 0 where there is none. */
    public static long l2TableOffset(long entry) {
        return entry & OFFSET_MASK;
    }

    public static boolean isCopied(long entry) {
        return (entry & COPIED) != 0;
    }

    /** What is wrong with an entry in itself, or null. */
    public static @Nullable String fault(long entry, ClusterGeometry geometry) {
        if ((entry & RESERVED_MASK) != 0) {
            return "reserved bits are set in an entry";
        }
        if (!geometry.isClusterAligned(l2TableOffset(entry))) {
            return "an entry points to an L2 table at " + l2TableOffset(entry) + ", which is not cluster-aligned";
        }
        return null;
    }
}
