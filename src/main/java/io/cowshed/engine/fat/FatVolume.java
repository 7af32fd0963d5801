package io.cowshed.engine.fat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.util.List;
import java.util.SequencedMap;

/**
 * Makes a FAT12 volume that fills a disk of its own, with files in its root directory (Microsoft, <i>FAT: General Overview of
 * On-Disk Format</i>, 1.03). Its layout is that of a 3.5-inch floppy disk of 1.44 MB, which every system with FAT at all reads:
 * a boot sector, two tables of 9 sectors, a root directory of 14 sectors, 2847 clusters of a sector each.
 *
 * <p>Files lie one after the other, so a prefix holds all that is not zero.
 */
public final class FatVolume {

    /** The length of the disk, in bytes. */
    public static final long SIZE = 2880 * 512;

    private static final int SECTOR = 512;
    private static final int RESERVED_SECTORS = 1;
    private static final int TABLES = 2;
    private static final int TABLE_SECTORS = 9;
    private static final int ROOT_ENTRIES = 224;
    private static final int TABLE_START = RESERVED_SECTORS * SECTOR;
    private static final int ROOT_START = TABLE_START + TABLES * TABLE_SECTORS * SECTOR;
    private static final int DATA_START = ROOT_START + ROOT_ENTRIES * DirectoryEntries.LENGTH;
    private static final int FIRST_CLUSTER = 2;
    private static final int CLUSTERS = (int) (SIZE - DATA_START) / SECTOR;

    /** Each takes up to three entries. */
    private static final int MAX_FILES = 70;

    /** "Boot Sector and BPB": a medium that can be taken out, as its disk was. */
    private static final int MEDIA = 0xf0;

    private static final int LAST_IN_CHAIN = 0xfff;

    private final ByteBuffer disk;
    private final DirectoryEntries root;
    private int next = FIRST_CLUSTER;

    private FatVolume(int dataSectors, String label, LocalDateTime written) {
        this.disk = ByteBuffer.allocate(DATA_START + dataSectors * SECTOR).order(ByteOrder.LITTLE_ENDIAN);
        this.root = new DirectoryEntries(
                disk.slice(ROOT_START, DATA_START - ROOT_START).order(ByteOrder.LITTLE_ENDIAN), label, written);
    }

    /**
     * Makes one.
     *
     * @param label 1 to 11 of the characters A to Z, 0 to 9, hyphen and underscore
     * @param serial the number that systems show as the volume's id
     * @param written when its files were, from 1980 to 2107; kept to two seconds
     * @param files at most 70, by their names, in the order they are listed in: 1 to 26 of the characters a to z, 0 to 9,
     *     hyphen and underscore; all their bytes together fit the volume
     * @return the beginning of the disk; the rest, up to {@link #SIZE}, is zeros
     * @throws IllegalArgumentException when one of these does not hold
     */
    public static ByteBuffer of(
            String label, int serial, LocalDateTime written, SequencedMap<String, ByteBuffer> files) {
        List<ByteBuffer> contents = List.copyOf(files.values());
        long sectors = contents.stream()
                .mapToLong(content -> sectorsFor(content.remaining()))
                .sum();
        if (sectors > CLUSTERS || files.size() > MAX_FILES) {
            throw new IllegalArgumentException(files.size() + " files of " + sectors + " sectors");
        }
        FatVolume volume = new FatVolume((int) sectors, label, written);
        volume.writeBootSector(label, serial);
        volume.writeTableStart();
        files.forEach(volume::add);
        volume.repeatTable();
        return volume.disk.rewind();
    }

    private static int sectorsFor(int bytes) {
        return Math.ceilDiv(bytes, SECTOR);
    }

    /** There is no boot code: whoever boots from the disk gets nowhere. */
    private void writeBootSector(String label, int serial) {
        disk.put(new byte[] {(byte) 0xeb, 0x3c, (byte) 0x90});
        text(3, "MSWIN4.1");
        disk.putShort(11, (short) SECTOR);
        disk.put(13, (byte) 1);
        disk.putShort(14, (short) RESERVED_SECTORS);
        disk.put(16, (byte) TABLES);
        disk.putShort(17, (short) ROOT_ENTRIES);
        disk.putShort(19, (short) (SIZE / SECTOR));
        disk.put(21, (byte) MEDIA);
        disk.putShort(22, (short) TABLE_SECTORS);
        // Sectors per track, and heads, of such a floppy disk.
        disk.putShort(24, (short) 18);
        disk.putShort(26, (short) 2);
        // The next three fields are there.
        disk.put(38, (byte) 0x29);
        disk.putInt(39, serial);
        text(43, DirectoryEntries.padded(label, 11));
        text(54, "FAT12   ");
        disk.putShort(510, (short) 0xaa55);
    }

    private void text(int offset, String ascii) {
        disk.put(offset, ascii.getBytes(StandardCharsets.US_ASCII));
    }

    /** "FAT Data Structure": the entry of cluster 0 repeats the media byte, that of cluster 1 is an end. */
    private void writeTableStart() {
        link(0, 0xf00 | MEDIA);
        link(1, LAST_IN_CHAIN);
    }

    private void add(String name, ByteBuffer content) {
        int sectors = sectorsFor(content.remaining());
        // An empty file has no first cluster.
        root.add(name, sectors == 0 ? 0 : next, content.remaining());
        disk.put(DATA_START + (next - FIRST_CLUSTER) * SECTOR, content, content.position(), content.remaining());
        for (int i = 1; i <= sectors; i++) {
            link(next, i == sectors ? LAST_IN_CHAIN : next + 1);
            next++;
        }
    }

    /** Entries are 12 bits long: two of them share three bytes, of which the even one has the lower half. */
    private void link(int cluster, int entry) {
        int offset = TABLE_START + cluster + cluster / 2;
        int both = Short.toUnsignedInt(disk.getShort(offset));
        disk.putShort(offset, (short) ((cluster & 1) == 0 ? (both & 0xf000) | entry : (both & 0x000f) | (entry << 4)));
    }

    private void repeatTable() {
        int length = TABLE_SECTORS * SECTOR;
        disk.put(TABLE_START + length, disk, TABLE_START, length);
    }
}
