package io.cowshed.engine.guest;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The group descriptors of an ext file system (kernel, {@code Documentation/filesystems/ext4/group_descr.rst}), of which one
 * block is in memory. For one thread.
 */
final class ExtGroups {

    private static final int CHECKSUM_OFFSET = 0x1e;
    private static final int FLAG_BLOCK_UNINIT = 2;

    private final Area area;
    private final ExtSuperblock superblock;
    private final ByteBuffer block;
    private long loaded = -1;

    ExtGroups(Area area, ExtSuperblock superblock) {
        this.area = area;
        this.superblock = superblock;
        this.block = ByteBuffer.allocate(superblock.blockSize()).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The group of that number; its bitmaps and inode table lie where they may. */
    ExtGroup group(int index) throws IOException, LeftAloneException {
        ByteBuffer descriptor = descriptor(index);
        boolean checksums = superblock.hasDescriptorChecksums();
        LeftAloneException.unless(
                !checksums
                        || (checksum(index, descriptor) & 0xffff)
                                == Short.toUnsignedInt(descriptor.getShort(CHECKSUM_OFFSET)),
                "a group descriptor does not match its checksum");
        ExtGroup group = new ExtGroup(
                index,
                wide(descriptor, 0x0, 0x20),
                wide(descriptor, 0x4, 0x24),
                wide(descriptor, 0x8, 0x28),
                pair(descriptor, 0xc, 0x2c),
                checksums && (descriptor.getShort(0x12) & FLAG_BLOCK_UNINIT) != 0,
                pair(descriptor, 0x18, 0x38));
        checkPlace(group, group.blockBitmap(), 1);
        checkPlace(group, group.inodeBitmap(), 1);
        checkPlace(group, group.inodeTable(), superblock.inodeTableBlocks());
        return group;
    }

    private ByteBuffer descriptor(int index) throws IOException, LeftAloneException {
        long wanted = superblock.descriptorBlock(index);
        if (wanted != loaded) {
            loaded = -1;
            area.read("its group descriptors", wanted << superblock.blockBits(), block);
            loaded = wanted;
        }
        int size = superblock.descriptorSize();
        return block.slice(index % superblock.descriptorsPerBlock() * size, size)
                .order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The checksum goes over everything but itself: as 16 zero bits with metadata_csum, left out with gdt_csum. */
    private int checksum(int index, ByteBuffer descriptor) {
        int after = CHECKSUM_OFFSET + Short.BYTES;
        int rest = descriptor.limit() - after;
        if (!superblock.hasMetadataChecksums()) {
            int crc = Crc16.update(superblock.shortSeed(), index);
            crc = Crc16.update(crc, descriptor, 0, CHECKSUM_OFFSET);
            return Crc16.update(crc, descriptor, after, rest);
        }
        int crc = Crc32.CASTAGNOLI.update(superblock.seed(), index);
        crc = Crc32.CASTAGNOLI.update(crc, descriptor, 0, CHECKSUM_OFFSET);
        crc = Crc32.CASTAGNOLI.update(crc, ByteBuffer.allocate(Short.BYTES), 0, Short.BYTES);
        return Crc32.CASTAGNOLI.update(crc, descriptor, after, rest);
    }

    private void checkPlace(ExtGroup group, long start, int count) throws LeftAloneException {
        long from = superblock.isFlexBg() ? superblock.firstDataBlock() : superblock.firstBlock(group.index());
        long to = superblock.isFlexBg()
                ? superblock.blocks()
                : Math.min(superblock.blocks(), from + superblock.blocksPerGroup());
        LeftAloneException.unless(
                start > 0 && start >= from && start <= to - count, "a group's metadata lies where it cannot");
    }

    private static long wide(ByteBuffer descriptor, int low, int high) {
        long upper = descriptor.limit() > 32 ? descriptor.getInt(high) : 0;
        return (upper << 32) | Integer.toUnsignedLong(descriptor.getInt(low));
    }

    private static int pair(ByteBuffer descriptor, int low, int high) {
        int upper = descriptor.limit() > 32 ? descriptor.getShort(high) : 0;
        return (upper << 16) | Short.toUnsignedInt(descriptor.getShort(low));
    }
}
