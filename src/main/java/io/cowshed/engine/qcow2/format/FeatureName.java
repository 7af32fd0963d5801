package io.cowshed.engine.qcow2.format;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * One row of the feature name table (specification, "Feature name table"), which lets software that does not know a
 * feature at least name it.
 *
 * @param kind 0 incompatible, 1 compatible, 2 autoclear
 * @param bit the bit's number, 0 to 63
 * @param name ASCII, at most 46 bytes
 */
public record FeatureName(int kind, int bit, String name) {

    private static final int NAME_BYTES = 46;
    private static final int ROW_BYTES = 2 + NAME_BYTES;

    /** @throws IllegalArgumentException when the name does not fit in its row */
    public FeatureName {
        if (name.length() > NAME_BYTES) {
            throw new IllegalArgumentException("a feature name of " + name.length() + " characters");
        }
    }

    /** The names QEMU gives to what this engine may set. */
    public static final List<FeatureName> STANDARD = List.of(
            new FeatureName(0, 0, "dirty bit"),
            new FeatureName(0, 1, "corrupt bit"),
            new FeatureName(0, 2, "external data file"),
            new FeatureName(0, 3, "compression type"),
            new FeatureName(0, 4, "extended L2 entries"),
            new FeatureName(1, 0, "lazy refcounts"),
            new FeatureName(2, 0, "bitmaps"),
            new FeatureName(2, 1, "raw external data"));

    static List<FeatureName> decode(ByteBuffer content) {
        ByteBuffer in = content.duplicate();
        List<FeatureName> names = new ArrayList<>();
        while (in.remaining() >= ROW_BYTES) {
            int kind = Byte.toUnsignedInt(in.get());
            int bit = Byte.toUnsignedInt(in.get());
            byte[] name = new byte[NAME_BYTES];
            in.get(name);
            int length = 0;
            while (length < NAME_BYTES && name[length] != 0) {
                length++;
            }
            names.add(new FeatureName(kind, bit, new String(name, 0, length, StandardCharsets.US_ASCII)));
        }
        return names;
    }

    static ByteBuffer encode(List<FeatureName> names) {
        ByteBuffer out = ByteBuffer.allocate(Math.multiplyExact(names.size(), ROW_BYTES));
        for (FeatureName row : names) {
            int next = out.position() + ROW_BYTES;
            out.put((byte) row.kind).put((byte) row.bit).put(row.name.getBytes(StandardCharsets.US_ASCII));
            out.position(next);
        }
        return out.flip();
    }
}
