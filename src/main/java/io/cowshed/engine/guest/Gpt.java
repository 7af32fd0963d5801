package io.cowshed.engine.guest;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;

/**
 * The primary GUID partition table (UEFI Specification, section 5.3). Its checksums must match; the backup is not looked at.
 */
final class Gpt {

    private static final String MAGIC = "EFI PART";
    private static final int REVISION = 0x1_0000;
    private static final int MIN_HEADER = 92;
    private static final int CRC_OFFSET = 16;
    private static final int MIN_ENTRY = 128;
    private static final int MAX_ENTRY = 4096;

    /** Eight times what is usual. */
    private static final int MAX_ENTRIES = 1024;

    /** Where the header may be: in the second sector, and sectors may be 4096 bytes. */
    private static final int[] SECTOR_SIZES = {512, 4096};

    private Gpt() {}

    static boolean isOn(Area disk) throws IOException, LeftAloneException {
        return sectorSize(disk) != 0;
    }

    private static int sectorSize(Area disk) throws IOException, LeftAloneException {
        for (int sector : SECTOR_SIZES) {
            if (new Signature("GPT", sector, MAGIC).isOn(disk)) {
                return sector;
            }
        }
        return 0;
    }

    /** The entries that are in use, in the order of the table. */
    static List<Partition> partitions(Area disk) throws IOException, LeftAloneException {
        int sector = sectorSize(disk);
        ByteBuffer header = header(disk, sector);
        int count = header.getInt(80);
        int size = header.getInt(84);
        LeftAloneException.unless(
                size >= MIN_ENTRY
                        && size <= MAX_ENTRY
                        && Integer.bitCount(size) == 1
                        && count > 0
                        && count <= MAX_ENTRIES,
                "its GPT has entries of an impossible size or number");
        long sectors = disk.length() / sector;
        long table = header.getLong(72);
        long firstUsable = header.getLong(40);
        long lastUsable = header.getLong(48);
        long tableSectors = Math.ceilDiv((long) count * size, (long) sector);
        LeftAloneException.unless(
                table >= 2
                        && table <= sectors - tableSectors
                        && firstUsable >= 2
                        && lastUsable < sectors
                        && firstUsable <= lastUsable
                        && (table + tableSectors <= firstUsable || table > lastUsable),
                "its GPT lies where it cannot");
        ByteBuffer entries = disk.read("its GPT", table * sector, count * size, ByteOrder.LITTLE_ENDIAN);
        LeftAloneException.unless(
                crc(entries, count * size) == header.getInt(88), "its GPT's entries do not match their checksum");
        List<Partition> partitions = new ArrayList<>();
        for (int index = 0; index < count; index++) {
            ByteBuffer entry = entries.slice(index * size, size).order(ByteOrder.LITTLE_ENDIAN);
            if (entry.getLong(0) != 0 || entry.getLong(8) != 0) {
                long first = entry.getLong(32);
                long last = entry.getLong(40);
                LeftAloneException.unless(
                        first >= firstUsable && last <= lastUsable && first <= last,
                        "a partition of its GPT lies where it cannot");
                partitions.add(new Partition(index + 1, first * sector, (last - first + 1) * sector, null));
            }
        }
        return partitions;
    }

    private static ByteBuffer header(Area disk, int sector) throws IOException, LeftAloneException {
        ByteBuffer header = disk.read("its GPT", sector, sector, ByteOrder.LITTLE_ENDIAN);
        int length = header.getInt(12);
        LeftAloneException.unless(
                header.getInt(8) == REVISION && length >= MIN_HEADER && length <= sector && header.getLong(24) == 1,
                "its GPT's header is damaged");
        int stored = header.getInt(CRC_OFFSET);
        header.putInt(CRC_OFFSET, 0);
        LeftAloneException.unless(crc(header, length) == stored, "its GPT's header does not match its checksum");
        return header;
    }

    private static int crc(ByteBuffer bytes, int length) {
        CRC32 crc = new CRC32();
        crc.update(bytes.slice(0, length));
        return (int) crc.getValue();
    }
}
