package io.cowshed.engine.guest;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The internal log of an XFS file system, as far as it takes to know that nothing in it waits to be replayed: its last record
 * says that the file system was unmounted (<i>XFS Algorithms &amp; Data Structures</i>, "Journaling Log"; kernel, {@code
 * xlog_find_head} and {@code xlog_check_unmount_rec}).
 */
final class XfsLog {

    private static final String STRUCTURE = "its log";
    private static final int SECTOR = 512;
    private static final int RECORD_MAGIC = 0xfeed_babe;
    private static final int UNMOUNT = 0x20;

    /** Data that one header block has room to describe. */
    private static final int DATA_PER_HEADER = 32 << 10;

    /** The longest record, and its headers, in sectors. */
    private static final int MAX_RECORD = (256 << 10) / SECTOR + 8;

    private final Area area;
    private final XfsSuperblock superblock;
    private final long start;
    private final long sectors;
    private final ByteBuffer sector = ByteBuffer.allocate(SECTOR).order(ByteOrder.BIG_ENDIAN);

    private XfsLog(Area area, XfsSuperblock superblock) {
        this.area = area;
        this.superblock = superblock;
        this.start =
                superblock.groupStart(superblock.logGroup()) + ((long) superblock.logBlock() << superblock.blockBits());
        this.sectors = ((long) superblock.logBlocks() << superblock.blockBits()) / SECTOR;
    }

    /** Refuses a log that is not known to be clean. */
    static void checkClean(Area area, XfsSuperblock superblock) throws IOException, LeftAloneException {
        int group = superblock.logGroup();
        LeftAloneException.unless(group != -1, "its log is on another device");
        LeftAloneException.unless(
                group < superblock.groups()
                        && superblock.logBlocks() > 0
                        && superblock.logBlock() <= superblock.groupBlocks(group) - superblock.logBlocks(),
                STRUCTURE + " lies where it cannot");
        LeftAloneException.unless(new XfsLog(area, superblock).endsWithUnmount(), "its log must be replayed first");
    }

    private boolean endsWithUnmount() throws IOException, LeftAloneException {
        long head = head();
        for (long back = 1; back <= Math.min(MAX_RECORD, sectors); back++) {
            long at = Math.floorMod(head - back, sectors);
            read(at);
            if (sector.getInt(0) == RECORD_MAGIC) {
                return isUnmount(at, head);
            }
        }
        return false;
    }

    /**
     * The sector that will be written next. Each sector carries the number of the round in which it was written, so that the
     * head is where the numbers fall; a log that was not yet gone round ends in zeros.
     */
    private long head() throws IOException, LeftAloneException {
        int first = cycle(0);
        int last = cycle(sectors - 1);
        LeftAloneException.unless(first != 0, STRUCTURE + " is blank");
        if (first == last) {
            return 0;
        }
        LeftAloneException.unless(last == first - 1 || last == 0, STRUCTURE + " is damaged");
        long low = 0;
        long high = sectors - 1;
        while (high - low > 1) {
            long middle = (low + high) >>> 1;
            if (cycle(middle) == last) {
                high = middle;
            } else {
                low = middle;
            }
        }
        return high;
    }

    private int cycle(long index) throws IOException, LeftAloneException {
        read(index);
        return sector.getInt(0) == RECORD_MAGIC ? sector.getInt(4) : sector.getInt(0);
    }

    /**
     * Whether the record whose header is in memory is nothing but the mark of an unmount, and nothing follows it up to the head
     * but sectors that were never written: tools that clear the log leave such.
     */
    private boolean isUnmount(long at, long head) throws IOException, LeftAloneException {
        int version = sector.getInt(8);
        int length = sector.getInt(12);
        boolean isAlone = sector.getInt(40) == 1;
        int cycle = sector.getInt(4);
        long tail = sector.getLong(24);
        long own = sector.getLong(16);
        LeftAloneException.unless(
                (version == 1 || version == 2)
                        && length > 0
                        && length <= MAX_RECORD * SECTOR
                        && sector.slice(304, 16).equals(superblock.logUuid())
                        && tail >= 0
                        && Long.compareUnsigned(tail, own) <= 0,
                STRUCTURE + " is damaged");
        int size = sector.getInt(320);
        int headers = version == 2 && size > DATA_PER_HEADER ? Math.ceilDiv(size, DATA_PER_HEADER) : 1;
        long blank = Math.floorMod(head - at, sectors) - headers - Math.ceilDiv(length, SECTOR);
        if (!isAlone || blank < 0) {
            return false;
        }
        for (long back = 1; back <= blank; back++) {
            if (cycle(Math.floorMod(head - back, sectors)) != 0) {
                return false;
            }
        }
        read((at + headers) % sectors);
        return sector.getInt(0) == cycle && (sector.get(9) & UNMOUNT) != 0;
    }

    private void read(long index) throws IOException, LeftAloneException {
        area.read(STRUCTURE, start + index * SECTOR, sector);
    }
}
