package io.cowshed.engine.qcow2.format;

/**
 * How large the structures of an image may be before the engine refuses to look at them. The specification sets no such
 * limits; where QEMU has one, this is QEMU's, so that nothing QEMU opens is refused for its size alone.
 */
public final class Qcow2Limits {

    /** Smallest cluster: 512 bytes, one sector (header, {@code cluster_bits}). */
    public static final int MIN_CLUSTER_BITS = 9;

    /** Largest cluster: 2 MiB, as QEMU. Bounds an L2 table, a refcount block and the header to 2 MiB each. */
    public static final int MAX_CLUSTER_BITS = 21;

    /** 1 &lt;&lt; 6 = 64 bits is the widest refcount there is (header, {@code refcount_order}). */
    public static final int MAX_REFCOUNT_ORDER = 6;

    /** 32 MiB, as QEMU: enough for 2 EiB with the largest clusters, 2 PiB with the default ones. */
    public static final int MAX_L1_ENTRIES = (32 << 20) / Long.BYTES;

    /** 8 MiB, as QEMU: with the default clusters, refcounts for 2 PiB of file. */
    public static final int MAX_REFCOUNT_TABLE_BYTES = 8 << 20;

    /** As QEMU, which keeps the whole list in memory. */
    public static final int MAX_SNAPSHOTS = 65_536;

    /** 1 KiB for each of the most snapshots there can be, as QEMU. */
    public static final int MAX_SNAPSHOT_TABLE_BYTES = 64 << 20;

    /** The extra data of one snapshot entry; QEMU knows 24 bytes and keeps up to this many. */
    public static final int MAX_SNAPSHOT_EXTRA_BYTES = 1024;

    /** As QEMU. */
    public static final int MAX_BITMAPS = 65_535;

    /** 1 KiB for each of the most bitmaps there can be, as QEMU. */
    public static final int MAX_BITMAP_DIRECTORY_BYTES = 1024 * MAX_BITMAPS;

    /** As QEMU: with the smallest clusters, the bitmap's 512 MiB of data need this many or fewer entries. */
    public static final int MAX_BITMAP_TABLE_ENTRIES = 0x800_0000;

    /** The longest backing file name (header, {@code backing_file_size}). */
    public static final int MAX_BACKING_NAME_BYTES = 1023;

    /** Real images hold about five; a 2 MiB cluster could hold 262,144 empty ones, each an object here. */
    public static final int MAX_HEADER_EXTENSIONS = 256;

    /** The longest chain of backing files that is followed; each open image costs a descriptor and its caches. */
    public static final int MAX_CHAIN_LENGTH = 256;

    private Qcow2Limits() {}
}
