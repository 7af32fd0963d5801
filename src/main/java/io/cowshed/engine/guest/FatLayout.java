package io.cowshed.engine.guest;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Where things are in a FAT file system, by its boot sector (Microsoft, <i>FAT: General Overview of On-Disk Format</i>, "Boot
 * Sector and BPB"). Whether it is FAT32 is told as Linux tells it: by the field that only FAT32 leaves 0.
 *
 * @param entryBits 12, 16 or 32
 * @param media the byte that the table begins with
 * @param tables how many copies of the table there are, one after the other
 * @param firstTable where the first is, in bytes
 * @param tableBytes how long each is
 * @param dataOffset where cluster 2 is, the first, in bytes
 * @param clusterSize in bytes
 * @param clusters how many there are
 * @param infoOffset where the FSInfo sector is, in bytes; 0 where there is none
 */
record FatLayout(
        int entryBits,
        int media,
        int tables,
        long firstTable,
        long tableBytes,
        long dataOffset,
        int clusterSize,
        int clusters,
        long infoOffset) {

    static final int FIRST_CLUSTER = 2;

    private static final String BOOT_SECTOR = "its boot sector";
    private static final int BOOT_SECTOR_LENGTH = 512;
    private static final int DIRECTORY_ENTRY = 32;
    private static final int MAX_SECTOR = 4096;
    private static final int MAX_CLUSTERS_12 = 4084;
    private static final int MAX_CLUSTERS_16 = 65_524;
    private static final int MAX_CLUSTERS_32 = 0x0fff_fff5;

    /** Whether there is a boot sector that describes such a file system. Boot code alone does not. */
    static boolean isOn(Area area) throws IOException, LeftAloneException {
        if (area.length() < BOOT_SECTOR_LENGTH) {
            return false;
        }
        ByteBuffer boot = area.read(BOOT_SECTOR, 0, BOOT_SECTOR_LENGTH, ByteOrder.LITTLE_ENDIAN);
        int sector = Short.toUnsignedInt(boot.getShort(11));
        int perCluster = Byte.toUnsignedInt(boot.get(13));
        int media = Byte.toUnsignedInt(boot.get(21));
        return Short.toUnsignedInt(boot.getShort(510)) == 0xaa55
                && Integer.bitCount(sector) == 1
                && sector >= BOOT_SECTOR_LENGTH
                && sector <= MAX_SECTOR
                && Integer.bitCount(perCluster) == 1
                && boot.getShort(14) != 0
                && boot.get(16) > 0
                && (media == 0xf0 || media >= 0xf8);
    }

    /** Reads the boot sector, which {@link #isOn} has recognised. */
    static FatLayout read(Area area) throws IOException, LeftAloneException {
        ByteBuffer boot = area.read(BOOT_SECTOR, 0, BOOT_SECTOR_LENGTH, ByteOrder.LITTLE_ENDIAN);
        int sector = Short.toUnsignedInt(boot.getShort(11));
        int tables = boot.get(16);
        LeftAloneException.unless(tables <= 2, "it has more copies of its table than are usual");
        boolean is32 = boot.getShort(22) == 0;
        int dirty = boot.get(is32 ? 0x41 : 0x25);
        LeftAloneException.unless((dirty & 1) == 0, "it was not unmounted cleanly");
        LeftAloneException.unless((dirty & 2) == 0, "errors were found in it and not repaired");
        long sectors = number16(boot, 19) != 0 ? number16(boot, 19) : number32(boot, 32);
        long tableSectors = is32 ? number32(boot, 36) : number16(boot, 22);
        long reserved = number16(boot, 14);
        long rootBytes = number16(boot, 17) * DIRECTORY_ENTRY;
        if (is32) {
            checkOf32(boot, rootBytes);
        }
        long dataSector = reserved + tables * tableSectors + Math.ceilDiv(rootBytes, (long) sector);
        LeftAloneException.unless(
                sectors * sector <= area.length(), "it says that it is longer than the place it is in");
        int perCluster = Byte.toUnsignedInt(boot.get(13));
        long clusters = (sectors - dataSector) / perCluster;
        int bits = is32 ? 32 : clusters <= MAX_CLUSTERS_12 ? 12 : 16;
        long most = is32 ? MAX_CLUSTERS_32 : MAX_CLUSTERS_16;
        LeftAloneException.unless(clusters > 0 && clusters <= most, "the number of its clusters is impossible");
        LeftAloneException.unless(
                (clusters + FIRST_CLUSTER) * bits <= tableSectors * sector * Byte.SIZE,
                "its table is too short for its clusters");
        return new FatLayout(
                bits,
                Byte.toUnsignedInt(boot.get(21)),
                tables,
                reserved * sector,
                tableSectors * sector,
                dataSector * sector,
                perCluster * sector,
                (int) clusters,
                is32 ? infoOffset(boot, reserved, sector) : 0);
    }

    private static void checkOf32(ByteBuffer boot, long rootBytes) throws LeftAloneException {
        LeftAloneException.unless(rootBytes == 0, BOOT_SECTOR + " is neither that of FAT16 nor of FAT32");
        LeftAloneException.unless(boot.getShort(40) == 0, "its tables are not mirrored");
        LeftAloneException.unless(boot.getShort(42) == 0, "its version is not 0.0");
    }

    private static long infoOffset(ByteBuffer boot, long reserved, int sector) {
        long info = number16(boot, 48);
        return info < reserved ? info * sector : 0;
    }

    private static long number16(ByteBuffer boot, int offset) {
        return Short.toUnsignedLong(boot.getShort(offset));
    }

    private static long number32(ByteBuffer boot, int offset) {
        return Integer.toUnsignedLong(boot.getInt(offset));
    }

    /** Where a copy of the table is, in bytes. */
    long tableOffset(int copy) {
        return firstTable + copy * tableBytes;
    }

    /** Bits of an entry that mean something. */
    int usedBits() {
        return entryBits == 32 ? 28 : entryBits;
    }
}
