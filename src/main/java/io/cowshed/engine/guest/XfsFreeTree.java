package io.cowshed.engine.guest;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Goes over the free extents of an allocation group in the order of one of its two trees (<i>XFS Algorithms &amp; Data
 * Structures</i>, "AG Free Space B+trees"). One block of each level is in memory. Every node and leaf is checked against its
 * parent and its predecessor, and extents must ascend, so that no block is gone over twice. For one thread.
 */
final class XfsFreeTree {

    private static final String STRUCTURE = "a tree of free space";
    private static final int RECORD = 8;
    private static final int POINTER = 4;
    private static final int HEADER_4 = 16;
    private static final int HEADER_5 = 56;
    private static final int CRC_OFFSET = 52;
    private static final int NO_SIBLING = -1;

    private final Area area;
    private final XfsSuperblock superblock;
    private final XfsGroup group;
    private final Order order;
    private final int header;
    private final ByteBuffer[] blocks;
    private final int[] indices;
    private final int[] numbers;

    /** The leaf before the present one, while its successor is not yet checked; 0 before the first. */
    private int previousLeaf;

    private int announcedLeaf;
    private int start;
    private int count;

    /** By what the extents of a tree ascend. */
    enum Order {
        START(0x4142_5442, 0x4142_3342),
        SIZE(0x4142_5443, 0x4142_3343);

        private final int magic4;
        private final int magic5;

        Order(int magic4, int magic5) {
            this.magic4 = magic4;
            this.magic5 = magic5;
        }
    }

    /**
     * @param from in the order of starts: leaves that end before this block are passed over
     */
    XfsFreeTree(Area area, XfsSuperblock superblock, XfsGroup group, Order order, int from)
            throws IOException, LeftAloneException {
        this.area = area;
        this.superblock = superblock;
        this.group = group;
        this.order = order;
        this.header = superblock.hasChecksums() ? HEADER_5 : HEADER_4;
        int levels = order == Order.START ? group.startLevels() : group.sizeLevels();
        this.blocks = new ByteBuffer[levels];
        this.indices = new int[levels];
        this.numbers = new int[levels];
        load(levels - 1, order == Order.START ? group.startRoot() : group.sizeRoot());
        for (int level = levels - 1; level > 0; level--) {
            while (indices[level] + 1 < records(level) && key(level, indices[level] + 1) <= from) {
                indices[level]++;
            }
            descend(level);
        }
        indices[0] = -1;
        previousLeaf = 0;
    }

    /** The first block of the present extent. */
    int start() {
        return start;
    }

    /** Blocks of the present extent, at least 1. */
    int count() {
        return count;
    }

    /** Goes on to the next extent; false after the last. */
    boolean next() throws IOException, LeftAloneException {
        if (++indices[0] >= records(0) && !nextLeaf()) {
            return false;
        }
        int position = header + indices[0] * RECORD;
        int newStart = blocks[0].getInt(position);
        int newCount = blocks[0].getInt(position + Integer.BYTES);
        LeftAloneException.unless(
                newStart > 0 && newCount > 0 && newCount <= group.blocks() && newStart <= group.blocks() - newCount,
                "an extent of free space lies outside of its allocation group");
        boolean ascends = switch (order) {
            case START -> newStart > start + count || count == 0;
            case SIZE -> newCount > count || (newCount == count && newStart > start);
        };
        LeftAloneException.unless(ascends, STRUCTURE + " is not in order");
        start = newStart;
        count = newCount;
        return true;
    }

    private boolean nextLeaf() throws IOException, LeftAloneException {
        int level = 1;
        while (level < blocks.length && indices[level] + 1 >= records(level)) {
            level++;
        }
        if (level >= blocks.length) {
            LeftAloneException.unless(rightSibling() == NO_SIBLING, STRUCTURE + " is not linked as it must be");
            return false;
        }
        previousLeaf = numbers[0];
        announcedLeaf = rightSibling();
        indices[level]++;
        for (int from = level; from > 0; from--) {
            descend(from);
        }
        return true;
    }

    private int rightSibling() {
        return blocks[0].getInt(12);
    }

    /** Loads the child that the present index of a node points to, at its beginning. */
    private void descend(int level) throws IOException, LeftAloneException {
        int index = indices[level];
        int room = (superblock.blockSize() - header) / (RECORD + POINTER);
        load(level - 1, blocks[level].getInt(header + room * RECORD + index * POINTER));
        LeftAloneException.unless(
                records(level - 1) > 0 && (order == Order.SIZE || key(level, index) == key(level - 1, 0)),
                STRUCTURE + " does not match its nodes");
        if (level == 1 && previousLeaf != 0) {
            LeftAloneException.unless(
                    numbers[0] == announcedLeaf && blocks[0].getInt(8) == previousLeaf,
                    STRUCTURE + " is not linked as it must be");
        }
    }

    private void load(int level, int number) throws IOException, LeftAloneException {
        LeftAloneException.unless(number > 0 && number < group.blocks(), STRUCTURE + " lies where it cannot");
        long offset = superblock.groupStart(group.index()) + ((long) number << superblock.blockBits());
        ByteBuffer block = area.read(STRUCTURE, offset, superblock.blockSize(), ByteOrder.BIG_ENDIAN);
        int magic = superblock.hasChecksums() ? order.magic5 : order.magic4;
        LeftAloneException.unless(block.getInt(0) == magic && block.getShort(4) == level, STRUCTURE + " is damaged");
        if (superblock.hasChecksums()) {
            LeftAloneException.unless(
                    block.getLong(16) == offset / 512
                            && block.slice(32, 16).equals(superblock.metadataUuid())
                            && block.getInt(48) == group.index()
                            && XfsSuperblock.isIntact(block, CRC_OFFSET),
                    STRUCTURE + " does not match its checksum");
        }
        int room = (superblock.blockSize() - header) / (level == 0 ? RECORD : RECORD + POINTER);
        int records = Short.toUnsignedInt(block.getShort(6));
        LeftAloneException.unless(records <= room && (level == 0 || records > 0), STRUCTURE + " is damaged");
        blocks[level] = block;
        indices[level] = 0;
        numbers[level] = number;
    }

    private int records(int level) {
        return Short.toUnsignedInt(blocks[level].getShort(6));
    }

    private int key(int level, int index) {
        return blocks[level].getInt(header + index * RECORD);
    }
}
