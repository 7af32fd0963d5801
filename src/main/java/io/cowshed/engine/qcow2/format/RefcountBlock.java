package io.cowshed.engine.qcow2.format;

import java.nio.ByteBuffer;

/**
 * The refcounts in a refcount block (specification, "Refcount block entry"): unsigned numbers of 1 to 64 bits, big-endian;
 * those narrower than a byte fill it from its least significant bit on.
 */
public final class RefcountBlock {

    private RefcountBlock() {}

    /** The largest refcount of this width; all 64 bits set for the widest, which is -1 as a number. */
    public static long max(ClusterGeometry geometry) {
        return geometry.refcountBits() == Long.SIZE ? -1 : (1L << geometry.refcountBits()) - 1;
    }

    /** Bytes that {@code count} refcounts take; a whole number of bytes. */
    public static int bytes(ClusterGeometry geometry, int count) {
        return Math.toIntExact((long) count * geometry.refcountBits() / Byte.SIZE);
    }

    /** The refcount at {@code index} of those in {@code block}, unsigned. */
    public static long get(ClusterGeometry geometry, ByteBuffer block, int index) {
        return switch (geometry.refcountOrder()) {
            case 6 -> block.getLong(index * Long.BYTES);
            case 5 -> Integer.toUnsignedLong(block.getInt(index * Integer.BYTES));
            case 4 -> Short.toUnsignedLong(block.getShort(index * Short.BYTES));
            default -> {
                int perByte = Byte.SIZE >> geometry.refcountOrder();
                int shift = index % perByte << geometry.refcountOrder();
                yield Byte.toUnsignedInt(block.get(index / perByte)) >>> shift & max(geometry);
            }
        };
    }

    /** Sets the refcount at {@code index} of those in {@code block} to {@code count}, which must not exceed {@link #max}. */
    public static void set(ClusterGeometry geometry, ByteBuffer block, int index, long count) {
        switch (geometry.refcountOrder()) {
            case 6 -> block.putLong(index * Long.BYTES, count);
            case 5 -> block.putInt(index * Integer.BYTES, (int) count);
            case 4 -> block.putShort(index * Short.BYTES, (short) count);
            default -> {
                int perByte = Byte.SIZE >> geometry.refcountOrder();
                int shift = index % perByte << geometry.refcountOrder();
                int others = block.get(index / perByte) & ~((int) max(geometry) << shift);
                block.put(index / perByte, (byte) (others | (int) count << shift));
            }
        }
    }
}
