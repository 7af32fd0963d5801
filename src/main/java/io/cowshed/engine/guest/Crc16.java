package io.cowshed.engine.guest;

import java.nio.ByteBuffer;

/** The reflected CRC-16 with the polynomial 0x8005, not inverted at the end: of ext4's {@code gdt_csum}. */
final class Crc16 {

    private static final int POLYNOMIAL = 0xa001;

    private Crc16() {}

    /** The register after {@code length} bytes of {@code bytes} from the index {@code from} on. */
    static int update(int register, ByteBuffer bytes, int from, int length) {
        int value = register;
        for (int i = from; i < from + length; i++) {
            value = updateByte(value, bytes.get(i));
        }
        return value;
    }

    /** The register after a 32-bit little-endian number. */
    static int update(int register, int number) {
        int value = register;
        for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
            value = updateByte(value, number >>> shift);
        }
        return value;
    }

    private static int updateByte(int register, int octet) {
        int value = register ^ (octet & 0xff);
        for (int bit = 0; bit < Byte.SIZE; bit++) {
            value = (value & 1) == 0 ? value >>> 1 : (value >>> 1) ^ POLYNOMIAL;
        }
        return value;
    }
}
