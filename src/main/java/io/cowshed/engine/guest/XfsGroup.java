package io.cowshed.engine.guest;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The free space header of an allocation group, the AGF (<i>XFS Algorithms &amp; Data Structures</i>, "AG Free Space
 * Management"). Blocks are counted within the group.
 *
 * @param index the group's number, from 0
 * @param blocks how many blocks it has
 * @param startRoot the root of the tree of free extents by their start, the bnobt
 * @param startLevels its levels
 * @param sizeRoot the root of the same by their size, the cntbt
 * @param sizeLevels its levels
 * @param freeBlocks blocks in each tree
 * @param longest blocks of the longest extent
 */
record XfsGroup(
        int index,
        int blocks,
        int startRoot,
        int startLevels,
        int sizeRoot,
        int sizeLevels,
        int freeBlocks,
        int longest) {

    private static final String STRUCTURE = "the free space header of an allocation group";
    private static final int MAGIC = 0x5841_4746;
    private static final int UUID_OFFSET = 64;
    private static final int CRC_OFFSET = 216;

    /** As the kernel's XFS_BTREE_MAXLEVELS. */
    private static final int MAX_LEVELS = 9;

    static XfsGroup read(Area area, XfsSuperblock superblock, int index) throws IOException, LeftAloneException {
        int sector = superblock.sectorSize();
        ByteBuffer header = area.read(STRUCTURE, superblock.groupStart(index) + sector, sector, ByteOrder.BIG_ENDIAN);
        int blocks = superblock.groupBlocks(index);
        LeftAloneException.unless(
                header.getInt(0) == MAGIC
                        && header.getInt(4) == 1
                        && header.getInt(8) == index
                        && header.getInt(12) == blocks,
                STRUCTURE + " is damaged");
        LeftAloneException.unless(
                !superblock.hasChecksums()
                        || (header.slice(UUID_OFFSET, 16).equals(superblock.metadataUuid())
                                && XfsSuperblock.isIntact(header, CRC_OFFSET)),
                STRUCTURE + " does not match its checksum");
        XfsGroup group = new XfsGroup(
                index,
                blocks,
                header.getInt(16),
                header.getInt(28),
                header.getInt(20),
                header.getInt(32),
                header.getInt(52),
                header.getInt(56));
        LeftAloneException.unless(isLevels(group.startLevels) && isLevels(group.sizeLevels), STRUCTURE + " is damaged");
        return group;
    }

    private static boolean isLevels(int levels) {
        return levels > 0 && levels <= MAX_LEVELS;
    }
}
