package io.cowshed.engine.qcow2.format;

import org.jspecify.annotations.Nullable;

/**
 * An entry of the refcount table (specification, "Refcount table entry"): bits 0 to 8 are reserved, the others are the
 * offset of a refcount block, 0 where there is none.
 */
public final class RefcountTableEntry {

    private static final long RESERVED_MASK = 0x1ff;

    private RefcountTableEntry() {}

    /** Where the refcount block lies, or 0 where there is none. */
    public static long blockOffset(long entry) {
        return entry & ~RESERVED_MASK;
    }

    /** What is wrong with an entry in itself, or null. */
    public static @Nullable String fault(long entry, ClusterGeometry geometry) {
        if ((entry & RESERVED_MASK) != 0) {
            return "reserved bits are set in an entry";
        }
        if (entry < 0 || !geometry.isClusterAligned(entry)) {
            return "an entry points to a refcount block at " + Long.toUnsignedString(entry)
                    + ", which is not cluster-aligned or too far";
        }
        return null;
    }
}
