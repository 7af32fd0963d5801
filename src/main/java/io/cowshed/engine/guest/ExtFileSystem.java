package io.cowshed.engine.guest;

import io.cowshed.engine.block.DiskRange;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * An ext2, ext3 or ext4 file system: what its block bitmaps have as free (kernel, {@code
 * Documentation/filesystems/ext4/bitmaps.rst}). A bitmap that was never written stands for what {@code
 * ext4_init_block_bitmap} would write.
 */
final class ExtFileSystem implements FileSystem {

    private final Area area;
    private final ExtSuperblock superblock;

    private ExtFileSystem(Area area, ExtSuperblock superblock) {
        this.area = area;
        this.superblock = superblock;
    }

    static ExtFileSystem open(Area area) throws IOException, LeftAloneException {
        return new ExtFileSystem(area, ExtSuperblock.read(area));
    }

    @Override
    public String kind() {
        return superblock.kind();
    }

    @Override
    public long check() throws IOException, LeftAloneException {
        ExtGroups groups = new ExtGroups(area, superblock);
        long freeClusters = 0;
        for (int index = 0; index < superblock.groups(); index++) {
            ExtGroup group = groups.group(index);
            checkHomes(group, groups);
            freeClusters += group.freeClusters();
        }
        LeftAloneException.unless(
                freeClusters << superblock.clusterBits() == superblock.freeBlocks(),
                "its count of free blocks is not that of its groups");
        long freeBytes = 0;
        FreeRanges ranges = freeFrom(0);
        for (DiskRange range = ranges.next(); range != null; range = ranges.next()) {
            freeBytes += range.length();
        }
        return freeBytes;
    }

    /** A group whose bitmap follows from the layout holds no metadata of others: nothing would say so. */
    private void checkHomes(ExtGroup group, ExtGroups groups) throws IOException, LeftAloneException {
        long table = group.inodeTable();
        for (long block :
                new long[] {group.blockBitmap(), group.inodeBitmap(), table, table + superblock.inodeTableBlocks() - 1
                }) {
            int home = (int) ((block - superblock.firstDataBlock()) / superblock.blocksPerGroup());
            LeftAloneException.unless(
                    home == group.index() || !groups.group(home).uninitialised(),
                    "a group without a bitmap holds metadata of another");
        }
    }

    @Override
    public FreeRanges freeFrom(long offset) {
        long block = Math.max(0, (offset >>> superblock.blockBits()) - superblock.firstDataBlock());
        return new Walk((int) Math.min(superblock.groups(), block / superblock.blocksPerGroup()));
    }

    /** Goes from bitmap to bitmap. */
    private final class Walk implements FreeRanges {

        private final ExtGroups groups = new ExtGroups(area, superblock);
        private int nextGroup;
        private BitSet used = new BitSet();
        private int position;
        private int clusters;

        Walk(int firstGroup) {
            this.nextGroup = firstGroup;
        }

        @Override
        public @Nullable DiskRange next() throws IOException, LeftAloneException {
            while (true) {
                int from = used.nextClearBit(position);
                if (from < clusters) {
                    int end = used.nextSetBit(from);
                    position = end < 0 ? clusters : end;
                    return range(nextGroup - 1, from, position);
                }
                if (nextGroup == superblock.groups()) {
                    return null;
                }
                used = used(groups.group(nextGroup));
                clusters = superblock.clusters(nextGroup);
                position = 0;
                nextGroup++;
            }
        }
    }

    private DiskRange range(int group, int from, int to) {
        long first = superblock.firstBlock(group);
        long start = first + ((long) from << superblock.clusterBits());
        long end = Math.min(superblock.blocks(), first + ((long) to << superblock.clusterBits()));
        return new DiskRange(start << superblock.blockBits(), (end - start) << superblock.blockBits());
    }

    /** The clusters of a group that are in use, and no bit after its last cluster. */
    private BitSet used(ExtGroup group) throws IOException, LeftAloneException {
        int clusters = superblock.clusters(group.index());
        BitSet metadata = cut(metadata(group), clusters);
        BitSet used = group.uninitialised() ? metadata : cut(stored(group), clusters);
        LeftAloneException.unless(
                clusters - used.cardinality() == group.freeClusters(), "a block bitmap is not what its group counts");
        BitSet unmarked = (BitSet) metadata.clone();
        unmarked.andNot(used);
        LeftAloneException.unless(unmarked.isEmpty(), "a block bitmap has metadata as free");
        return used;
    }

    private static BitSet cut(BitSet bits, int length) {
        bits.clear(length, Math.max(length, bits.length()));
        return bits;
    }

    private BitSet stored(ExtGroup group) throws IOException, LeftAloneException {
        ByteBuffer block = area.read(
                "a block bitmap",
                group.blockBitmap() << superblock.blockBits(),
                superblock.blockSize(),
                ByteOrder.LITTLE_ENDIAN);
        int length = superblock.clustersPerGroup() / Byte.SIZE;
        if (superblock.hasMetadataChecksums()) {
            int kept = superblock.descriptorSize() > 32 ? -1 : 0xffff;
            int crc = Crc32.CASTAGNOLI.update(superblock.seed(), block, 0, length);
            LeftAloneException.unless(
                    (crc & kept) == group.bitmapChecksum(), "a block bitmap does not match its checksum");
        }
        return BitSet.valueOf(block.limit(length));
    }

    /** The clusters that hold metadata of the group itself. */
    private BitSet metadata(ExtGroup group) throws LeftAloneException {
        long blocks = superblock.baseMetadataBlocks(group.index());
        LeftAloneException.unless(
                blocks <= superblock.blocksPerGroup(), "its group descriptors do not fit into a group");
        BitSet metadata = new BitSet();
        metadata.set(0, (int) Math.ceilDiv(blocks, 1L << superblock.clusterBits()));
        setIfWithin(metadata, group, group.blockBitmap(), 1);
        setIfWithin(metadata, group, group.inodeBitmap(), 1);
        setIfWithin(metadata, group, group.inodeTable(), superblock.inodeTableBlocks());
        return metadata;
    }

    private void setIfWithin(BitSet metadata, ExtGroup group, long start, int count) {
        long first = superblock.firstBlock(group.index());
        long from = Math.max(0, start - first);
        long to = Math.min(superblock.blocksPerGroup(), start + count - first);
        if (from < to) {
            metadata.set((int) (from >> superblock.clusterBits()), (int) ((to - 1) >> superblock.clusterBits()) + 1);
        }
    }
}
