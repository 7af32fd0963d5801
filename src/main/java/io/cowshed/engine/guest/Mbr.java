package io.cowshed.engine.guest;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * The partition table of a master boot record, and the chain of extended boot records for logical partitions (UEFI
 * Specification, section 5.2; the chain as Linux's {@code block/partitions/msdos.c} follows it). Sectors are 512 bytes.
 */
final class Mbr {

    static final int SECTOR = 512;

    private static final int TABLE_OFFSET = 446;
    private static final int ENTRIES = 4;
    private static final int ENTRY_LENGTH = 16;
    private static final int SIGNATURE = 0xaa55;
    private static final int FIRST_LOGICAL = 5;

    /** Links of the chain that are followed: more than Linux has names for. */
    private static final int MAX_LOGICAL = 256;

    private Mbr() {}

    /**
     * An entry that is in use.
     *
     * @param index its place in the table, from 0
     * @param type the partition's type
     * @param start in bytes, from the beginning of the disk
     * @param length in bytes
     */
    record Entry(int index, int type, long start, long length) {

        long end() {
            return start + length;
        }

        /** Whether it stands for the GPT. */
        boolean isProtective() {
            return type == 0xee;
        }

        boolean isExtended() {
            return type == 0x05 || type == 0x0f || type == 0x85;
        }

        /** Whether it is a part of Windows's dynamic disks, whose volumes may have other parts elsewhere. */
        boolean isDynamic() {
            return type == 0x42;
        }
    }

    /** The primary entries that are in use; none where there is no such table. */
    static List<Entry> primary(Area disk) throws IOException, LeftAloneException {
        return disk.length() < SECTOR ? List.of() : entries(disk, 0, 0, 0);
    }

    /**
     * The entries of a table, none where it is not one: boot sectors end like tables, and have code there.
     *
     * @param extendedBase what the starts of extended entries are counted from
     */
    private static List<Entry> entries(Area disk, long offset, long base, long extendedBase)
            throws IOException, LeftAloneException {
        ByteBuffer sector = disk.read("the partition table", offset, SECTOR, ByteOrder.LITTLE_ENDIAN);
        if (Short.toUnsignedInt(sector.getShort(SECTOR - Short.BYTES)) != SIGNATURE) {
            return List.of();
        }
        List<Entry> entries = new ArrayList<>();
        for (int index = 0; index < ENTRIES; index++) {
            ByteBuffer bytes = sector.slice(TABLE_OFFSET + index * ENTRY_LENGTH, ENTRY_LENGTH)
                    .order(ByteOrder.LITTLE_ENDIAN);
            if ((bytes.get(0) & 0x7f) != 0) {
                return List.of();
            }
            Entry entry = new Entry(
                    index, Byte.toUnsignedInt(bytes.get(4)), sectors(bytes.getInt(8)), sectors(bytes.getInt(12)));
            if (entry.type() != 0 && entry.length() > 0) {
                long from = entry.isExtended() ? extendedBase : base;
                entries.add(new Entry(index, entry.type(), from + entry.start(), entry.length()));
            }
        }
        return entries;
    }

    private static long sectors(int count) {
        return Integer.toUnsignedLong(count) * SECTOR;
    }

    /** The primary partitions and the logical ones. A chain that is not in order makes the whole extended partition one. */
    static List<Partition> partitions(Area disk, List<Entry> primary) throws IOException {
        List<Partition> partitions = new ArrayList<>();
        List<Partition> logical = new ArrayList<>();
        for (Entry entry : primary) {
            Partition partition = partition(entry.index() + 1, entry);
            if (!entry.isExtended()) {
                partitions.add(partition);
                continue;
            }
            try {
                checkApart(entry, primary);
                addLogical(disk, entry, FIRST_LOGICAL + logical.size(), logical);
            } catch (LeftAloneException e) {
                partitions.add(partition.leftAlone(e.reason()));
            }
        }
        partitions.addAll(logical);
        return partitions;
    }

    private static Partition partition(int number, Entry entry) {
        return new Partition(
                number, entry.start(), entry.length(), entry.isDynamic() ? "it belongs to a dynamic disk" : null);
    }

    private static void checkApart(Entry extended, List<Entry> primary) throws LeftAloneException {
        for (Entry other : primary) {
            LeftAloneException.unless(
                    other.index() == extended.index()
                            || other.end() <= extended.start()
                            || extended.end() <= other.start(),
                    "it overlaps another partition");
        }
    }

    private static void addLogical(Area disk, Entry extended, int firstNumber, List<Partition> logical)
            throws IOException, LeftAloneException {
        List<Partition> found = new ArrayList<>();
        long link = extended.start();
        while (link != 0) {
            LeftAloneException.unless(
                    link >= extended.start() && link + SECTOR <= extended.end() && found.size() < MAX_LOGICAL,
                    "the chain of its logical partitions is damaged");
            long record = link;
            link = 0;
            for (Entry entry : entries(disk, record, record, extended.start())) {
                LeftAloneException.unless(
                        entry.isExtended() ? link == 0 : entry.index() == 0,
                        "the chain of its logical partitions is damaged");
                if (entry.isExtended()) {
                    LeftAloneException.unless(entry.start() > record, "the chain of its logical partitions goes back");
                    link = entry.start();
                } else {
                    LeftAloneException.unless(
                            entry.start() >= record + SECTOR && entry.end() <= extended.end(),
                            "a logical partition lies outside of it");
                    found.add(partition(firstNumber + found.size(), entry));
                }
            }
            long next = link;
            LeftAloneException.unless(
                    next == 0 || found.stream().noneMatch(one -> one.start() < next + SECTOR && next < one.end()),
                    "a logical partition overlaps the chain");
        }
        logical.addAll(found);
    }
}
