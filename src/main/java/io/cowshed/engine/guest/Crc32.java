package io.cowshed.engine.guest;

import java.nio.ByteBuffer;

/**
 * Reflected 32-bit CRCs that start from any register and are not inverted at the end, as ext4 and LVM2 chain them. The JDK's
 * always start from all ones.
 */
final class Crc32 {

    /** CRC-32C, of ext4's {@code metadata_csum}. */
    static final Crc32 CASTAGNOLI = new Crc32(0x82f6_3b78);

    /** The polynomial of Ethernet and of LVM2's {@code calc_crc}. */
    static final Crc32 IEEE = new Crc32(0xedb8_8320);

    private final int[] table = new int[256];

    private Crc32(int polynomial) {
        for (int i = 0; i < table.length; i++) {
            int value = i;
            for (int bit = 0; bit < Byte.SIZE; bit++) {
                value = (value & 1) == 0 ? value >>> 1 : (value >>> 1) ^ polynomial;
            }
            table[i] = value;
        }
    }

    /** The register after {@code length} bytes of {@code bytes} from the index {@code from} on. */
    int update(int register, ByteBuffer bytes, int from, int length) {
        int value = register;
        for (int i = from; i < from + length; i++) {
            value = table[(value ^ bytes.get(i)) & 0xff] ^ (value >>> 8);
        }
        return value;
    }

    /** The register after a 32-bit little-endian number. */
    int update(int register, int number) {
        int value = register;
        for (int shift = 0; shift < Integer.SIZE; shift += Byte.SIZE) {
            value = table[(value ^ (number >>> shift)) & 0xff] ^ (value >>> 8);
        }
        return value;
    }
}
