package io.cowshed.engine.guest;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * The superblock of an XFS file system of version 4 or 5 (<i>XFS Algorithms &amp; Data Structures</i>, "Superblocks"; kernel,
 * {@code fs/xfs/libxfs/xfs_format.h}).
 */
final class XfsSuperblock {

    private static final Signature MAGIC = new Signature("XFS", 0, "XFSB");
    private static final String STRUCTURE = "its superblock";
    private static final int MIN_LENGTH = 512;
    private static final int CRC_OFFSET = 224;

    /** Version, then attr, nlink, quota, align, dalign, logv2, sector, extflg, dirv2, morebits: what the kernel mounts. */
    private static final int VERSION_KNOWN =
            0xf | 0x10 | 0x20 | 0x40 | 0x80 | 0x100 | 0x400 | 0x800 | 0x1000 | 0x2000 | 0x8000;

    /** lazysbcount, attr2, projid32, ftype; and crc, which version 5 implies. */
    private static final int FEATURES2_KNOWN = 0x2 | 0x8 | 0x80 | 0x200;

    private static final int FEATURES2_CRC = 0x100;

    /** finobt, rmapbt, reflink, inobtcount. */
    private static final int RO_COMPAT_KNOWN = 0xf;

    private static final int INCOMPAT_META_UUID = 0x4;
    private static final int INCOMPAT_NEEDSREPAIR = 0x10;

    /** ftype, sparse inodes, meta_uuid, bigtime, nrext64, exchange range, parent pointers. */
    private static final int INCOMPAT_KNOWN = 0x1 | 0x2 | INCOMPAT_META_UUID | 0x8 | 0x20 | 0x40 | 0x80;

    private static final int MIN_GROUP_BLOCKS = 64;

    /** Bounds the time: groups are at least 16 MiB in practice, which makes 16 TiB, and up to 1 TiB. */
    private static final int MAX_GROUPS = 1 << 20;

    private final ByteBuffer bytes;
    private final int blockBits;
    private final int sectorSize;

    private XfsSuperblock(ByteBuffer bytes, long areaLength) throws LeftAloneException {
        this.bytes = bytes;
        this.blockBits = bits(120, 4, 9, 16);
        this.sectorSize = 1 << bits(121, 102, 9, 15);
        LeftAloneException.unless(sectorSize <= blockSize(), "its sectors are longer than its blocks");
        checkGroups(areaLength);
    }

    static boolean isOn(Area area) throws IOException, LeftAloneException {
        return MAGIC.isOn(area);
    }

    /** Reads and checks it. */
    static XfsSuperblock read(Area area) throws IOException, LeftAloneException {
        ByteBuffer start = area.read(STRUCTURE, 0, MIN_LENGTH, ByteOrder.BIG_ENDIAN);
        int version = start.getShort(100) & 0xf;
        LeftAloneException.unless(version == 4 || version == 5, "its version is neither 4 nor 5");
        int sector = Short.toUnsignedInt(start.getShort(102));
        LeftAloneException.unless(
                sector >= MIN_LENGTH && sector <= 1 << 15 && Integer.bitCount(sector) == 1,
                "the size of its sectors is impossible");
        ByteBuffer bytes = area.read(STRUCTURE, 0, sector, ByteOrder.BIG_ENDIAN);
        LeftAloneException.unless(
                version == 4 || isIntact(bytes, CRC_OFFSET), STRUCTURE + " does not match its checksum");
        checkFeatures(bytes, version);
        return new XfsSuperblock(bytes, area.length());
    }

    private static void checkFeatures(ByteBuffer bytes, int version) throws LeftAloneException {
        int features2 = bytes.getInt(200) | bytes.getInt(204);
        int known2 = version == 5 ? FEATURES2_KNOWN | FEATURES2_CRC : FEATURES2_KNOWN;
        LeftAloneException.unless(
                (bytes.getShort(100) & 0xffff & ~VERSION_KNOWN) == 0 && (features2 & ~known2) == 0,
                "it has features that are not understood");
        LeftAloneException.unless(bytes.get(126) == 0, "it was not made to the end");
        if (version == 5) {
            LeftAloneException.unless((bytes.getInt(216) & INCOMPAT_NEEDSREPAIR) == 0, "it needs repair");
            checkKnown("read-only compatible", bytes.getInt(212), RO_COMPAT_KNOWN);
            checkKnown("incompatible", bytes.getInt(216), INCOMPAT_KNOWN);
            checkKnown("log-incompatible", bytes.getInt(220), 0);
        }
    }

    private static void checkKnown(String kind, int features, int known) throws LeftAloneException {
        int unknown = features & ~known;
        if (unknown != 0) {
            throw new LeftAloneException(
                    "it has " + kind + " features that are not understood: 0x" + Integer.toHexString(unknown));
        }
    }

    /** A size that is stored twice, as itself and as its logarithm. */
    private int bits(int bitsOffset, int sizeOffset, int least, int most) throws LeftAloneException {
        int bits = bytes.get(bitsOffset);
        int size = sizeOffset == 4 ? bytes.getInt(4) : Short.toUnsignedInt(bytes.getShort(sizeOffset));
        LeftAloneException.unless(
                bits >= least && bits <= most && size == 1 << bits, "the size of its blocks or sectors is impossible");
        return bits;
    }

    private void checkGroups(long areaLength) throws LeftAloneException {
        long blocks = blocks();
        LeftAloneException.unless(
                blocks > 0 && blocks <= areaLength >>> blockBits, "it says that it is longer than the place it is in");
        int groupBits = bytes.get(124);
        LeftAloneException.unless(
                groupBlocks() >= MIN_GROUP_BLOCKS
                        && groupBits == Integer.SIZE - Integer.numberOfLeadingZeros(groupBlocks() - 1)
                        && Math.ceilDiv(blocks, (long) groupBlocks()) == Integer.toUnsignedLong(bytes.getInt(88)),
                "its allocation groups are impossible");
        LeftAloneException.unless(
                groups() > 0 && groups() <= MAX_GROUPS, "it has more allocation groups than are looked at");
    }

    /** Whether a structure matches the CRC-32C that is kept in it, the only thing that is little-endian. */
    static boolean isIntact(ByteBuffer structure, int crcOffset) {
        CRC32C crc = new CRC32C();
        crc.update(structure.slice(0, crcOffset));
        crc.update(new byte[Integer.BYTES]);
        int after = crcOffset + Integer.BYTES;
        crc.update(structure.slice(after, structure.capacity() - after));
        return Integer.reverseBytes((int) crc.getValue()) == structure.getInt(crcOffset);
    }

    /** Whether metadata carries checksums and says what it is: version 5. */
    boolean hasChecksums() {
        return (bytes.getShort(100) & 0xf) == 5;
    }

    int blockBits() {
        return blockBits;
    }

    int blockSize() {
        return 1 << blockBits;
    }

    int sectorSize() {
        return sectorSize;
    }

    long blocks() {
        return bytes.getLong(8);
    }

    int groups() {
        return bytes.getInt(88);
    }

    /** Blocks of every allocation group but the last, which may have fewer. */
    int groupBlocks() {
        return bytes.getInt(84);
    }

    int groupBlocks(int group) {
        return (int) Math.min(groupBlocks(), blocks() - (long) group * groupBlocks());
    }

    /** Where an allocation group begins, in bytes. */
    long groupStart(int group) {
        return ((long) group * groupBlocks()) << blockBits;
    }

    /** The group in which the internal log lies; -1 for a log on another device. */
    int logGroup() {
        long start = bytes.getLong(48);
        return start == 0 ? -1 : Math.clamp(start >>> bytes.get(124), -1, Integer.MAX_VALUE);
    }

    /** The first block of the internal log within its group. */
    int logBlock() {
        return (int) (bytes.getLong(48) & ((1L << bytes.get(124)) - 1));
    }

    /** Blocks of the log. */
    int logBlocks() {
        return bytes.getInt(96);
    }

    /** The UUID that the log carries. */
    ByteBuffer logUuid() {
        return bytes.slice(32, 16);
    }

    /** The UUID that other metadata carries. */
    ByteBuffer metadataUuid() {
        boolean own = hasChecksums() && (bytes.getInt(216) & INCOMPAT_META_UUID) != 0;
        return bytes.slice(own ? 248 : 32, 16);
    }
}
