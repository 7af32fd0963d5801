package io.cowshed.engine.guest;

import io.cowshed.engine.block.DiskRange;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * A FAT12, FAT16 or FAT32 file system: the clusters whose entry in the file allocation table is 0 (Microsoft, <i>FAT: General
 * Overview of On-Disk Format</i>, "FAT Data Structure"). All copies of the table must agree.
 */
final class FatFileSystem implements FileSystem {

    private static final String TABLE = "its file allocation table";

    /** A piece of the table in memory; that of FAT12, whose entries share bytes, fits in whole. */
    private static final int PIECE = 64 << 10;

    private static final int NO_COUNT = -1;

    private final Area area;
    private final FatLayout layout;

    private FatFileSystem(Area area, FatLayout layout) {
        this.area = area;
        this.layout = layout;
    }

    static FatFileSystem open(Area area) throws IOException, LeftAloneException {
        return new FatFileSystem(area, FatLayout.read(area));
    }

    @Override
    public String kind() {
        return "FAT" + layout.entryBits();
    }

    @Override
    public long check() throws IOException, LeftAloneException {
        checkClean();
        long freeBytes = 0;
        FreeRanges ranges = freeFrom(0);
        for (DiskRange range = ranges.next(); range != null; range = ranges.next()) {
            freeBytes += range.length();
        }
        int counted = countedFree();
        LeftAloneException.unless(
                counted == NO_COUNT || counted == freeBytes / layout.clusterSize(),
                "its count of free clusters is not that of its table");
        return freeBytes;
    }

    /** The entry of cluster 0 repeats the media byte; the upper bits of that of cluster 1 are set while all is well. */
    private void checkClean() throws IOException, LeftAloneException {
        Table table = new Table();
        int media = table.entry(0);
        LeftAloneException.unless((media & 0xff) == layout.media(), TABLE + " does not begin as it must");
        if (layout.entryBits() > 12) {
            int flags = table.entry(1) >>> (layout.usedBits() - 2);
            LeftAloneException.unless((flags & 2) != 0, "it was not unmounted cleanly");
            LeftAloneException.unless((flags & 1) != 0, "errors were found in it and not repaired");
        }
    }

    /** The free clusters that the FSInfo sector counts, or {@link #NO_COUNT}. */
    private int countedFree() throws IOException, LeftAloneException {
        if (layout.infoOffset() == 0) {
            return NO_COUNT;
        }
        ByteBuffer info = area.read("its FSInfo sector", layout.infoOffset(), 512, ByteOrder.LITTLE_ENDIAN);
        LeftAloneException.unless(
                info.getInt(0) == 0x4161_5252 && info.getInt(484) == 0x6141_7272, "its FSInfo sector is damaged");
        return info.getInt(488);
    }

    @Override
    public FreeRanges freeFrom(long offset) {
        long cluster = Math.max(0, offset - layout.dataOffset()) / layout.clusterSize();
        return new Walk((int) Math.min(layout.clusters(), cluster));
    }

    /** Goes from entry to entry. */
    private final class Walk implements FreeRanges {

        private final Table table = new Table();
        private int cluster;

        Walk(int firstCluster) {
            this.cluster = firstCluster;
        }

        @Override
        public @Nullable DiskRange next() throws IOException, LeftAloneException {
            while (cluster < layout.clusters() && !isFree()) {
                cluster++;
            }
            if (cluster == layout.clusters()) {
                return null;
            }
            int first = cluster;
            while (cluster < layout.clusters() && isFree()) {
                cluster++;
            }
            return new DiskRange(
                    layout.dataOffset() + (long) first * layout.clusterSize(),
                    (long) (cluster - first) * layout.clusterSize());
        }

        private boolean isFree() throws IOException, LeftAloneException {
            return table.entry(cluster + FatLayout.FIRST_CLUSTER) == 0;
        }
    }

    /** The entries of the table, read in pieces. */
    private final class Table {

        private final int entriesPerPiece = PIECE / layout.entryBits() * Byte.SIZE;
        private final ByteBuffer piece = ByteBuffer.allocate(PIECE).order(ByteOrder.LITTLE_ENDIAN);
        private final ByteBuffer copy = ByteBuffer.allocate(PIECE);
        private int loaded = -1;

        /** An entry's bits but for the upper four of FAT32, which are reserved. */
        int entry(int index) throws IOException, LeftAloneException {
            int wanted = index / entriesPerPiece;
            if (wanted != loaded) {
                load(wanted);
            }
            int within = index % entriesPerPiece;
            return switch (layout.entryBits()) {
                case 12 -> (piece.getShort(within + within / 2) >>> ((within & 1) * 4)) & 0xfff;
                case 16 -> Short.toUnsignedInt(piece.getShort(within * Short.BYTES));
                default -> piece.getInt(within * Integer.BYTES) & 0x0fff_ffff;
            };
        }

        private void load(int index) throws IOException, LeftAloneException {
            loaded = -1;
            long offset = (long) index * entriesPerPiece * layout.entryBits() / Byte.SIZE;
            int length = (int) Math.min(PIECE, layout.tableBytes() - offset);
            read(piece, layout.tableOffset(0) + offset, length);
            for (int i = 1; i < layout.tables(); i++) {
                read(copy, layout.tableOffset(i) + offset, length);
                LeftAloneException.unless(piece.equals(copy), "the copies of " + TABLE + " differ");
            }
            loaded = index;
        }

        private void read(ByteBuffer target, long offset, int length) throws IOException, LeftAloneException {
            area.read(TABLE, offset, target.slice(0, length));
            target.clear().limit(length);
        }
    }
}
