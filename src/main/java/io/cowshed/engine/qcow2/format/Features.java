package io.cowshed.engine.qcow2.format;

/**
 * The feature bits of a header (specification, "Header"). All are 0 in version 2.
 *
 * @param incompatible whoever does not know one of these must not open the image
 * @param compatible may be ignored
 * @param autoclear whoever does not know one of these clears it before writing
 */
public record Features(long incompatible, long compatible, long autoclear) {

    /** Incompatible: refcounts may be too low or too high. */
    public static final long DIRTY = 1;

    /** Incompatible: some structure is damaged; the image may be read but not written. */
    public static final long CORRUPT = 1 << 1;

    /** Incompatible: guest data lies in another file. */
    public static final long EXTERNAL_DATA_FILE = 1 << 2;

    /** Incompatible: compressed clusters are not zlib. */
    public static final long COMPRESSION_TYPE = 1 << 3;

    /** Incompatible: L2 entries are 16 bytes. */
    public static final long EXTENDED_L2 = 1 << 4;

    /** Compatible: refcounts are updated late, under the dirty bit. */
    public static final long LAZY_REFCOUNTS = 1;

    /** Autoclear: the bitmaps extension agrees with the disk's content. */
    public static final long BITMAPS = 1;

    /** No feature at all. */
    public static final Features NONE = new Features(0, 0, 0);

    private static final long KNOWN_INCOMPATIBLE =
            DIRTY | CORRUPT | EXTERNAL_DATA_FILE | COMPRESSION_TYPE | EXTENDED_L2;

    /** The incompatible bits that this engine does not know. */
    long unknownIncompatible() {
        return incompatible & ~KNOWN_INCOMPATIBLE;
    }

    public boolean dirty() {
        return (incompatible & DIRTY) != 0;
    }

    public boolean corrupt() {
        return (incompatible & CORRUPT) != 0;
    }

    boolean externalDataFile() {
        return (incompatible & EXTERNAL_DATA_FILE) != 0;
    }

    boolean compressionType() {
        return (incompatible & COMPRESSION_TYPE) != 0;
    }

    public boolean extendedL2() {
        return (incompatible & EXTENDED_L2) != 0;
    }

    /** Whether the bitmaps extension may be believed. */
    public boolean bitmapsValid() {
        return (autoclear & BITMAPS) != 0;
    }
}
