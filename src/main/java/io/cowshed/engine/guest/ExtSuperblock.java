package io.cowshed.engine.guest;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The superblock of an ext2, ext3 or ext4 file system (kernel, {@code Documentation/filesystems/ext4/super.rst}), checked as
 * the kernel checks it before it mounts for writing, and then some.
 */
final class ExtSuperblock {

    static final int OFFSET = 1024;
    static final int LENGTH = 1024;

    private static final Signature MAGIC = Signature.hex("ext", OFFSET + 0x38, "53ef");
    private static final String STRUCTURE = "its superblock";
    private static final int UUID_OFFSET = 0x68;
    private static final int UUID_LENGTH = 16;

    private static final int COMPAT_HAS_JOURNAL = 0x4;
    private static final int COMPAT_SPARSE_SUPER2 = 0x200;

    private static final int INCOMPAT_RECOVER = 0x4;
    private static final int INCOMPAT_JOURNAL_DEV = 0x8;
    private static final int INCOMPAT_META_BG = 0x10;
    private static final int INCOMPAT_64BIT = 0x80;
    private static final int INCOMPAT_FLEX_BG = 0x200;
    private static final int INCOMPAT_CSUM_SEED = 0x2000;

    /** filetype, meta_bg, extents, 64bit, mmp, flex_bg, ea_inode, metadata_csum_seed, large_dir, inline_data, encrypt, casefold. */
    private static final int INCOMPAT_KNOWN =
            0x2 | INCOMPAT_META_BG | 0x40 | INCOMPAT_64BIT | 0x100 | INCOMPAT_FLEX_BG | 0x400 | 0x3e000;

    /** What ext3 has of them: filetype and meta_bg. */
    private static final int INCOMPAT_EXT3 = 0x12;

    private static final int RO_COMPAT_SPARSE_SUPER = 0x1;
    private static final int RO_COMPAT_GDT_CSUM = 0x10;
    private static final int RO_COMPAT_BIGALLOC = 0x200;
    private static final int RO_COMPAT_METADATA_CSUM = 0x400;
    private static final int RO_COMPAT_ORPHAN_PRESENT = 0x1_0000;

    /**
     * sparse_super, large_file, btree_dir, huge_file, gdt_csum, dir_nlink, extra_isize, quota, bigalloc, metadata_csum, project,
     * verity. Not {@code read-only} and {@code shared_blocks}: such an image may be sealed by hashes of all its blocks.
     */
    private static final int RO_COMPAT_KNOWN = 0x77f | RO_COMPAT_GDT_CSUM | 0x2000 | 0x8000;

    /** What ext3 has of them: sparse_super, large_file and btree_dir. */
    private static final int RO_COMPAT_EXT3 = 0x7;

    private static final int STATE_VALID = 1;
    private static final int STATE_ERROR = 2;
    private static final int STATE_ORPHANS = 4;

    private static final int MIN_BLOCK_BITS = 10;
    private static final int MAX_BLOCK_BITS = 16;
    private static final int MIN_DESCRIPTOR = 32;
    private static final int MIN_DESCRIPTOR_64BIT = 64;
    private static final int MAX_DESCRIPTOR = 1024;
    private static final int MIN_INODE = 128;

    /** Bounds the time: 1 PiB in blocks of 4 KiB. */
    private static final int MAX_GROUPS = 1 << 23;

    private final ByteBuffer bytes;
    private final int compat;
    private final int incompat;
    private final int roCompat;
    private final int blockBits;
    private final int clusterBits;
    private final long blocks;
    private final int groups;
    private final int descriptorSize;
    private final int checksumSeed;

    private ExtSuperblock(ByteBuffer bytes, long areaLength) throws LeftAloneException {
        this.bytes = bytes;
        this.compat = bytes.getInt(0x5c);
        this.incompat = bytes.getInt(0x60);
        this.roCompat = bytes.getInt(0x64);
        checkFeatures();
        this.checksumSeed = checksumSeed();
        checkChecksum();
        checkState();
        this.blockBits = logarithm(0x18, MIN_BLOCK_BITS, MAX_BLOCK_BITS, "block");
        this.clusterBits = isBigalloc() ? logarithm(0x1c, blockBits, blockBits + 16, "cluster") - blockBits : 0;
        this.blocks = wide(0x4, 0x150);
        LeftAloneException.unless(
                blocks > 0 && blocks <= areaLength >>> blockBits, "it says that it is longer than the place it is in");
        LeftAloneException.unless(
                bytes.getInt(0x14) == (blockBits == MIN_BLOCK_BITS && clusterBits == 0 ? 1 : 0),
                "it begins with a block that it cannot begin with");
        checkGroups();
        this.groups = groupCount();
        checkInodes();
        this.descriptorSize = descriptorSizeOf();
        LeftAloneException.unless(
                !isMetaBg() || firstMetaGroup() <= descriptorBlocks(),
                "its first meta block group lies beyond the last");
    }

    static boolean isOn(Area area) throws IOException, LeftAloneException {
        return MAGIC.isOn(area);
    }

    /** Reads and checks it. */
    static ExtSuperblock read(Area area) throws IOException, LeftAloneException {
        return new ExtSuperblock(area.read(STRUCTURE, OFFSET, LENGTH, ByteOrder.LITTLE_ENDIAN), area.length());
    }

    private void checkFeatures() throws LeftAloneException {
        LeftAloneException.unless((incompat & INCOMPAT_JOURNAL_DEV) == 0, "it is the journal of another file system");
        LeftAloneException.unless((incompat & INCOMPAT_RECOVER) == 0, "its journal must be replayed first");
        LeftAloneException.unless((roCompat & RO_COMPAT_ORPHAN_PRESENT) == 0, "it has orphans to be cleaned up first");
        checkKnown("incompatible", incompat, INCOMPAT_KNOWN);
        checkKnown("read-only compatible", roCompat, RO_COMPAT_KNOWN);
        LeftAloneException.unless(
                !hasMetadataChecksums() || (roCompat & RO_COMPAT_GDT_CSUM) == 0, "it has two kinds of checksums");
    }

    private static void checkKnown(String kind, int features, int known) throws LeftAloneException {
        int unknown = features & ~known;
        if (unknown != 0) {
            throw new LeftAloneException(
                    "it has " + kind + " features that are not understood: 0x" + Integer.toHexString(unknown));
        }
    }

    private int checksumSeed() {
        return (incompat & INCOMPAT_CSUM_SEED) != 0
                ? bytes.getInt(0x270)
                : Crc32.CASTAGNOLI.update(-1, bytes, UUID_OFFSET, UUID_LENGTH);
    }

    private void checkChecksum() throws LeftAloneException {
        LeftAloneException.unless(
                !hasMetadataChecksums()
                        || (bytes.get(0x175) == 1
                                && bytes.getInt(0x3fc) == Crc32.CASTAGNOLI.update(-1, bytes, 0, 0x3fc)),
                STRUCTURE + " does not match its checksum");
    }

    private void checkState() throws LeftAloneException {
        int state = bytes.getShort(0x3a);
        LeftAloneException.unless((state & STATE_ERROR) == 0, "errors were found in it and not repaired");
        LeftAloneException.unless(
                (state & (STATE_VALID | STATE_ORPHANS)) == STATE_VALID, "it was not unmounted cleanly");
    }

    private int logarithm(int offset, int least, int most, String what) throws LeftAloneException {
        int value = bytes.getInt(offset);
        if (value < least - MIN_BLOCK_BITS || value > most - MIN_BLOCK_BITS) {
            throw new LeftAloneException("its " + what + " size is impossible");
        }
        return value + MIN_BLOCK_BITS;
    }

    private void checkGroups() throws LeftAloneException {
        int most = 8 << blockBits;
        int perGroup = clustersPerGroup();
        LeftAloneException.unless(
                perGroup > 0 && perGroup <= most && perGroup % Byte.SIZE == 0,
                "the size of its block groups is impossible");
        LeftAloneException.unless(
                bytes.getInt(0x20) == (long) perGroup << clusterBits, "its blocks and clusters per group do not match");
    }

    private int groupCount() throws LeftAloneException {
        long count = Math.ceilDiv(blocks - firstDataBlock(), (long) blocksPerGroup());
        LeftAloneException.unless(count > 0 && count <= MAX_GROUPS, "it has more block groups than are looked at");
        return (int) count;
    }

    private void checkInodes() throws LeftAloneException {
        long perGroup = Integer.toUnsignedLong(bytes.getInt(0x28));
        LeftAloneException.unless(
                perGroup > 0
                        && perGroup <= 8L << blockBits
                        && perGroup * groups == Integer.toUnsignedLong(bytes.getInt(0)),
                "the number of its inodes is impossible");
        int size = inodeSize();
        LeftAloneException.unless(
                size >= MIN_INODE && size <= blockSize() && Integer.bitCount(size) == 1,
                "the size of its inodes is impossible");
    }

    private int descriptorSizeOf() throws LeftAloneException {
        if (!is64Bit()) {
            return MIN_DESCRIPTOR;
        }
        int size = bytes.getShort(0xfe);
        LeftAloneException.unless(
                size >= MIN_DESCRIPTOR_64BIT && size <= MAX_DESCRIPTOR && Integer.bitCount(size) == 1,
                "the size of its group descriptors is impossible");
        return size;
    }

    /** The generation by whose name it goes: the first that has all of its features. */
    String kind() {
        if ((incompat & ~INCOMPAT_EXT3) != 0 || (roCompat & ~RO_COMPAT_EXT3) != 0) {
            return "ext4";
        }
        return (compat & COMPAT_HAS_JOURNAL) != 0 ? "ext3" : "ext2";
    }

    int blockBits() {
        return blockBits;
    }

    int blockSize() {
        return 1 << blockBits;
    }

    /** A cluster is 2 to this power of blocks; 0 without bigalloc. */
    int clusterBits() {
        return clusterBits;
    }

    /** Blocks of the file system, those before the first group included. */
    long blocks() {
        return blocks;
    }

    /** Blocks that count as free. */
    long freeBlocks() {
        return wide(0xc, 0x158);
    }

    /** 1 where the first block holds only what is before the superblock; else 0. */
    int firstDataBlock() {
        return bytes.getInt(0x14);
    }

    int groups() {
        return groups;
    }

    int blocksPerGroup() {
        return bytes.getInt(0x20);
    }

    /** Clusters of every group but the last, and bits of its bitmap: at most 8 in a byte of a block. */
    int clustersPerGroup() {
        return isBigalloc() ? bytes.getInt(0x24) : bytes.getInt(0x20);
    }

    long firstBlock(int group) {
        return firstDataBlock() + (long) group * blocksPerGroup();
    }

    /** Clusters of a group; the last one's last may be incomplete. */
    int clusters(int group) {
        long left = Math.min(blocksPerGroup(), blocks - firstBlock(group));
        return (int) Math.ceilDiv(left, 1L << clusterBits);
    }

    /** Blocks of the inode table of each group. */
    int inodeTableBlocks() {
        return (int) Math.ceilDiv((long) bytes.getInt(0x28) * inodeSize(), (long) blockSize());
    }

    private int inodeSize() {
        boolean original = bytes.getInt(0x4c) == 0;
        return original ? MIN_INODE : Short.toUnsignedInt(bytes.getShort(0x58));
    }

    int descriptorSize() {
        return descriptorSize;
    }

    int descriptorsPerBlock() {
        return blockSize() / descriptorSize;
    }

    private int descriptorBlocks() {
        return Math.ceilDiv(groups, descriptorsPerBlock());
    }

    /** Whether descriptors have checksums, and so flags that say that a bitmap was never written. */
    boolean hasDescriptorChecksums() {
        return hasMetadataChecksums() || (roCompat & RO_COMPAT_GDT_CSUM) != 0;
    }

    /** Whether bitmaps have checksums, too. */
    boolean hasMetadataChecksums() {
        return (roCompat & RO_COMPAT_METADATA_CSUM) != 0;
    }

    boolean is64Bit() {
        return (incompat & INCOMPAT_64BIT) != 0;
    }

    /** Whether the bitmaps and inode tables of a group may lie in others. */
    boolean isFlexBg() {
        return (incompat & INCOMPAT_FLEX_BG) != 0;
    }

    private boolean isBigalloc() {
        return (roCompat & RO_COMPAT_BIGALLOC) != 0;
    }

    private boolean isMetaBg() {
        return (incompat & INCOMPAT_META_BG) != 0;
    }

    private long firstMetaGroup() {
        return Integer.toUnsignedLong(bytes.getInt(0x104));
    }

    /** The register that checksums of {@code metadata_csum} start from. */
    int seed() {
        return checksumSeed;
    }

    /** The register of {@code gdt_csum} after the UUID. */
    int shortSeed() {
        return Crc16.update(0xffff, bytes, UUID_OFFSET, UUID_LENGTH);
    }

    /** The block of the primary descriptors of {@code group} (kernel, {@code descriptor_loc}). */
    long descriptorBlock(int group) {
        int index = group / descriptorsPerBlock();
        boolean firstIsUnused = blockBits == MIN_BLOCK_BITS;
        if (!isMetaBg() || index < firstMetaGroup()) {
            return (firstIsUnused ? 2 : 1) + (long) index;
        }
        int first = index * descriptorsPerBlock();
        int before = hasSuperblock(first) ? 1 : 0;
        if (firstIsUnused && index == 0 && firstDataBlock() == 0) {
            before++;
        }
        return firstBlock(first) + before;
    }

    /**
     * How many blocks at the beginning of a group hold a copy of the superblock, of descriptors, and room for more of these
     * (kernel, {@code ext4_num_base_meta_blocks}).
     */
    int baseMetadataBlocks(int group) {
        int superblock = hasSuperblock(group) ? 1 : 0;
        int perBlock = descriptorsPerBlock();
        if (isMetaBg() && group >= firstMetaGroup() * perBlock) {
            int within = group % perBlock;
            return superblock + (within <= 1 || within == perBlock - 1 ? 1 : 0);
        }
        if (superblock == 0) {
            return 0;
        }
        int beforeFirst = group == 0 && blockBits == MIN_BLOCK_BITS && firstDataBlock() == 0 ? 1 : 0;
        int descriptors = isMetaBg() ? (int) firstMetaGroup() : descriptorBlocks();
        return beforeFirst + superblock + descriptors + Short.toUnsignedInt(bytes.getShort(0xce));
    }

    private boolean hasSuperblock(int group) {
        if (group == 0) {
            return true;
        }
        if ((compat & COMPAT_SPARSE_SUPER2) != 0) {
            return group == bytes.getInt(0x24c) || group == bytes.getInt(0x250);
        }
        if (group == 1 || (roCompat & RO_COMPAT_SPARSE_SUPER) == 0) {
            return true;
        }
        return isPower(group, 3) || isPower(group, 5) || isPower(group, 7);
    }

    private static boolean isPower(int number, int base) {
        long power = base;
        while (power < number) {
            power *= base;
        }
        return power == number;
    }

    private long wide(int low, int high) {
        long upper = is64Bit() ? Integer.toUnsignedLong(bytes.getInt(high)) << 32 : 0;
        return upper | Integer.toUnsignedLong(bytes.getInt(low));
    }
}
