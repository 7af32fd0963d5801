package io.cowshed.engine.guest;

import io.cowshed.engine.block.DiskRange;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * An XFS file system: the extents that both trees of each allocation group have as free. Blocks that are kept in reserve for
 * the trees (the AGFL) are in neither.
 */
final class XfsFileSystem implements FileSystem {

    /** Superblock, AGF, AGI and AGFL, a sector each, begin every group. */
    private static final int HEADER_SECTORS = 4;

    private final Area area;
    private final XfsSuperblock superblock;

    private XfsFileSystem(Area area, XfsSuperblock superblock) {
        this.area = area;
        this.superblock = superblock;
    }

    static XfsFileSystem open(Area area) throws IOException, LeftAloneException {
        XfsSuperblock superblock = XfsSuperblock.read(area);
        XfsLog.checkClean(area, superblock);
        return new XfsFileSystem(area, superblock);
    }

    @Override
    public String kind() {
        return "XFS";
    }

    @Override
    public long check() throws IOException, LeftAloneException {
        long freeBlocks = 0;
        for (int index = 0; index < superblock.groups(); index++) {
            XfsGroup group = XfsGroup.read(area, superblock, index);
            Tally byStart = tally(group, XfsFreeTree.Order.START);
            LeftAloneException.unless(
                    byStart.blocks == group.freeBlocks() && byStart.longest == group.longest(),
                    "a tree of free space is not what its allocation group counts");
            LeftAloneException.unless(
                    byStart.equals(tally(group, XfsFreeTree.Order.SIZE)), "the two trees of free space differ");
            freeBlocks += byStart.blocks;
        }
        return freeBlocks << superblock.blockBits();
    }

    /**
     * What can be said of a set of extents whatever their order.
     *
     * @param fingerprint the sum of a hash of each
     */
    private record Tally(long extents, long blocks, int longest, long fingerprint) {}

    private Tally tally(XfsGroup group, XfsFreeTree.Order order) throws IOException, LeftAloneException {
        XfsFreeTree tree = new XfsFreeTree(area, superblock, group, order, 0);
        long extents = 0;
        long blocks = 0;
        int longest = 0;
        long fingerprint = 0;
        while (tree.next()) {
            checkIsNoMetadata(group, tree.start(), tree.count());
            extents++;
            blocks += tree.count();
            longest = Math.max(longest, tree.count());
            fingerprint += mix(((long) tree.start() << Integer.SIZE) | tree.count());
        }
        return new Tally(extents, blocks, longest, fingerprint);
    }

    /** The finaliser of SplitMix64. */
    private static long mix(long value) {
        long mixed = (value ^ (value >>> 30)) * 0xbf58_476d_1ce4_e5b9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94d0_49bb_1331_11ebL;
        return mixed ^ (mixed >>> 31);
    }

    private void checkIsNoMetadata(XfsGroup group, int start, int count) throws LeftAloneException {
        boolean isLog = superblock.logGroup() == group.index()
                && start < superblock.logBlock() + superblock.logBlocks()
                && superblock.logBlock() < start + count;
        boolean isMetadata = start < Math.ceilDiv(HEADER_SECTORS * superblock.sectorSize(), superblock.blockSize())
                || isWithin(group.startRoot(), start, count)
                || isWithin(group.sizeRoot(), start, count)
                || isLog;
        LeftAloneException.unless(!isMetadata, "metadata counts as free");
    }

    private static boolean isWithin(int block, int start, int count) {
        return block >= start && block < start + count;
    }

    @Override
    public FreeRanges freeFrom(long offset) {
        long block = offset >>> superblock.blockBits();
        return new Walk((int) Math.min(superblock.groups(), block / superblock.groupBlocks()), (int)
                (block % superblock.groupBlocks()));
    }

    /** Goes from group to group. */
    private final class Walk implements FreeRanges {

        private int nextGroup;
        private int from;
        private @Nullable XfsFreeTree tree;

        Walk(int firstGroup, int from) {
            this.nextGroup = firstGroup;
            this.from = from;
        }

        @Override
        public @Nullable DiskRange next() throws IOException, LeftAloneException {
            while (tree == null || !tree.next()) {
                if (nextGroup == superblock.groups()) {
                    return null;
                }
                XfsGroup group = XfsGroup.read(area, superblock, nextGroup);
                tree = new XfsFreeTree(area, superblock, group, XfsFreeTree.Order.START, from);
                from = 0;
                nextGroup++;
            }
            long start = superblock.groupStart(nextGroup - 1) + ((long) tree.start() << superblock.blockBits());
            return new DiskRange(start, (long) tree.count() << superblock.blockBits());
        }
    }
}
