package io.cowshed.engine.qcow2.format;

/**
 * The refcounts of a refcount block (specification, "Host cluster management"), which is held as its big-endian 64-bit
 * words. Refcounts of 8 bits and more are big-endian numbers one after the other; smaller ones fill each byte from its
 * least significant bits on.
 */
public final class RefcountBlock {

    private static final int BYTE_ORDER = 3;
    private static final int WORD_ORDER = 6;

    private RefcountBlock() {}

    /** The refcount at {@code index}. It is unsigned: one of 64 bits may come out negative. */
    public static long get(long[] words, int index, ClusterGeometry geometry) {
        return (words[word(index, geometry)] >>> shift(index, geometry)) & max(geometry);
    }

    /**
     * {@code word}, the one that the refcount at {@code index} is part of, with that refcount changed.
     *
     * @throws IllegalArgumentException when it does not fit in its bits
     */
    public static long with(long word, int index, long refcount, ClusterGeometry geometry) {
        long max = max(geometry);
        if ((refcount & ~max) != 0) {
            throw new IllegalArgumentException(
                    "a refcount of " + Long.toUnsignedString(refcount) + " in " + geometry.refcountBits() + " bits");
        }
        int shift = shift(index, geometry);
        return (word & ~(max << shift)) | (refcount << shift);
    }

    /** The index of the word that the refcount at {@code index} is part of. */
    public static int word(int index, ClusterGeometry geometry) {
        return index >>> (WORD_ORDER - geometry.refcountOrder());
    }

    /** The largest refcount there can be, as an unsigned number. */
    public static long max(ClusterGeometry geometry) {
        return -1L >>> (Long.SIZE - geometry.refcountBits());
    }

    private static int shift(int index, ClusterGeometry geometry) {
        int order = geometry.refcountOrder();
        int inWord = index & ((1 << (WORD_ORDER - order)) - 1);
        if (order >= BYTE_ORDER) {
            return Long.SIZE - ((inWord + 1) << order);
        }
        int perByteOrder = BYTE_ORDER - order;
        int inByte = inWord & ((1 << perByteOrder) - 1);
        return Long.SIZE - Byte.SIZE * ((inWord >>> perByteOrder) + 1) + (inByte << order);
    }
}
