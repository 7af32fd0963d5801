package io.cowshed.engine.qcow2;

import java.nio.ByteBuffer;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * A change to a good image that makes it a bad one: version 3, 4 KiB clusters, two L2 tables or more, a snapshot, a bitmap.
 *
 * @param about what the image then lies about
 * @param change pokes the bytes
 */
record Lie(String about, Consumer<ByteBuffer> change) {

    private static final int CLUSTER = 4096;
    private static final int DISK = 3 << 20;
    private static final long OFFSET_MASK = 0x00ff_ffff_ffff_fe00L;

    @Override
    public String toString() {
        return about;
    }

    static Stream<Lie> all() {
        return Stream.of(headerLies(), tableLies(), entryLies(), snapshotAndBitmapLies(), nameAndExtensionLies())
                .flatMap(s -> s);
    }

    private static Stream<Lie> headerLies() {
        return Stream.of(
                new Lie("magic", b -> b.putInt(0, 0x51464900)),
                new Lie("version 0", b -> b.putInt(4, 0)),
                new Lie("version 1", b -> b.putInt(4, 1)),
                new Lie("version 4", b -> b.putInt(4, 4)),
                new Lie("cluster_bits 0", b -> b.putInt(20, 0)),
                new Lie("cluster_bits 8", b -> b.putInt(20, 8)),
                new Lie("cluster_bits 22", b -> b.putInt(20, 22)),
                new Lie("cluster_bits 63", b -> b.putInt(20, 63)),
                new Lie("cluster_bits -1", b -> b.putInt(20, -1)),
                new Lie("cluster_bits 9, not 12", b -> b.putInt(20, 9)),
                new Lie("cluster_bits 21, not 12", b -> b.putInt(20, 21)),
                new Lie("virtual size 2^63", b -> b.putLong(24, Long.MIN_VALUE)),
                new Lie("virtual size 2^63-1", b -> b.putLong(24, Long.MAX_VALUE)),
                new Lie("virtual size -1", b -> b.putLong(24, -1)),
                new Lie("virtual size past the L1 table", b -> b.putLong(24, DISK * 4L)),
                new Lie("AES", b -> b.putInt(32, 1)),
                new Lie("LUKS", b -> b.putInt(32, 2)),
                new Lie("encryption 77", b -> b.putInt(32, 77)),
                new Lie("external data file", b -> b.putLong(72, 1 << 2)),
                new Lie("compression bit without type", b -> b.putLong(72, 1 << 3)),
                new Lie("compression type without bit", b -> b.put(104, (byte) 1)),
                new Lie("compression type 9", b -> b.putLong(72, 1 << 3).put(104, (byte) 9)),
                new Lie("extended L2 in 4 KiB clusters", b -> b.putLong(72, 1 << 4)),
                new Lie("incompatible bit 5", b -> b.putLong(72, 1 << 5)),
                new Lie("incompatible bit 63", b -> b.putLong(72, 1L << 63)),
                new Lie("refcount_order 7", b -> b.putInt(96, 7)),
                new Lie("refcount_order -1", b -> b.putInt(96, -1)),
                new Lie("header_length 0", b -> b.putInt(100, 0)),
                new Lie("header_length 72", b -> b.putInt(100, 72)),
                new Lie("header_length 107", b -> b.putInt(100, 107)),
                new Lie("header_length 2^31", b -> b.putInt(100, Integer.MIN_VALUE)),
                new Lie("header_length past the cluster", b -> b.putInt(100, CLUSTER + 8)));
    }

    private static Stream<Lie> tableLies() {
        return Stream.of(
                new Lie("L1 of 0 entries", b -> b.putInt(36, 0)),
                new Lie("L1 of 2^31 entries", b -> b.putInt(36, Integer.MIN_VALUE)),
                new Lie("L1 of 2^32-1 entries", b -> b.putInt(36, -1)),
                new Lie("L1 of 32 MiB", b -> b.putInt(36, 4 << 20)),
                new Lie("L1 of 32 MiB and an entry", b -> b.putInt(36, (4 << 20) + 1)),
                new Lie("L1 at 0", b -> b.putLong(40, 0)),
                new Lie("L1 unaligned", b -> b.putLong(40, l1(b) + 8)),
                new Lie("L1 past the end", b -> b.putLong(40, 1L << 40)),
                new Lie("L1 at 2^63", b -> b.putLong(40, Long.MIN_VALUE)),
                new Lie("L1 at the last aligned offset", b -> b.putLong(40, Long.MAX_VALUE & -CLUSTER)),
                new Lie("L1 on the refcount table", b -> b.putLong(40, b.getLong(48))),
                new Lie("L1 on an L2 table", b -> b.putLong(40, l2(b, 0))),
                new Lie("refcount table at 0", b -> b.putLong(48, 0)),
                new Lie("refcount table unaligned", b -> b.putLong(48, 512)),
                new Lie("refcount table past the end", b -> b.putLong(48, 1L << 50)),
                new Lie("refcount table negative", b -> b.putLong(48, -CLUSTER)),
                new Lie("refcount table on the L1", b -> b.putLong(48, l1(b))),
                new Lie("refcount table of nothing", b -> b.putInt(56, 0)),
                new Lie("refcount table of 2^32-1 clusters", b -> b.putInt(56, -1)),
                new Lie("refcount table of 8 MiB", b -> b.putInt(56, (8 << 20) / CLUSTER)),
                new Lie("refcount table of more", b -> b.putInt(56, (8 << 20) / CLUSTER + 1)),
                new Lie("refcount block on the L1", b -> b.putLong(refcounts(b) + 8, l1(b))),
                new Lie("refcount block on its table", b -> b.putLong(refcounts(b) + 8, refcounts(b))),
                new Lie("refcount block twice", b -> b.putLong(refcounts(b) + 8, b.getLong(refcounts(b)))),
                new Lie("refcount block unaligned", b -> b.putLong(refcounts(b), b.getLong(refcounts(b)) + 512)),
                new Lie("refcount block reserved bits", b -> b.putLong(refcounts(b), b.getLong(refcounts(b)) + 1)),
                new Lie("refcount block past the end", b -> b.putLong(refcounts(b), 1L << 41)),
                new Lie("refcount block negative", b -> b.putLong(refcounts(b), -CLUSTER)));
    }

    private static Stream<Lie> entryLies() {
        long copied = 1L << 63;
        long compressed = 1L << 62;
        return Stream.of(
                new Lie("L2 table on the L1", b -> b.putLong(l1(b), l1(b) | copied)),
                new Lie("L2 table on the refcount table", b -> b.putLong(l1(b), refcounts(b) | copied)),
                new Lie("L2 table twice", b -> b.putLong(l1(b), b.getLong(l1(b) + 8))),
                new Lie("L2 table unaligned", b -> b.putLong(l1(b), b.getLong(l1(b)) + 512)),
                new Lie("L2 table past the end", b -> b.putLong(l1(b), 1L << 42 | copied)),
                new Lie("L2 table cut off", b -> b.putLong(l1(b), b.capacity() & -CLUSTER)),
                new Lie("L1 entry, low reserved bit", b -> b.putLong(l1(b), b.getLong(l1(b)) | 1)),
                new Lie("L1 entry, high reserved bit", b -> b.putLong(l1(b), b.getLong(l1(b)) | 1L << 56)),
                new Lie("L2 entry, low reserved bit", b -> b.putLong(l2(b, 0), b.getLong(l2(b, 0)) | 2)),
                new Lie("L2 entry, high reserved bit", b -> b.putLong(l2(b, 0), b.getLong(l2(b, 0)) | 1L << 61)),
                new Lie("cluster unaligned", b -> b.putLong(l2(b, 0), b.getLong(l2(b, 0)) + 512)),
                new Lie("cluster on the L1", b -> b.putLong(l2(b, 0), l1(b) | copied)),
                new Lie("cluster on its own L2 table", b -> b.putLong(l2(b, 0), l2(b, 0) | copied)),
                new Lie("cluster on a refcount block", b -> b.putLong(l2(b, 0), b.getLong(refcounts(b)) | copied)),
                new Lie("cluster on the snapshot table", b -> b.putLong(l2(b, 0), b.getLong(64) | copied)),
                new Lie("cluster past the end", b -> b.putLong(l2(b, 0), 1L << 43 | copied)),
                new Lie("zero cluster on the L1", b -> b.putLong(l2(b, 0), l1(b) | copied | 1)),
                new Lie("compressed on the header", b -> b.putLong(l2(b, 0), compressed | 64)),
                new Lie("compressed on the L1", b -> b.putLong(l2(b, 0), compressed | (l1(b) - 5))),
                new Lie("compressed into the L1", b -> b.putLong(l2(b, 0), compressed | 1L << 58 | (l1(b) - 5))),
                new Lie("compressed past the end", b -> b.putLong(l2(b, 0), compressed | 1L << 40)));
    }

    private static Stream<Lie> snapshotAndBitmapLies() {
        return Stream.of(
                new Lie("65,537 snapshots", b -> b.putInt(60, 65_537)),
                new Lie("65,536 snapshots", b -> b.putInt(60, 65_536)),
                new Lie("2^32-1 snapshots", b -> b.putInt(60, -1)),
                new Lie("snapshot table at 0", b -> b.putLong(64, 0)),
                new Lie("snapshot table unaligned", b -> b.putLong(64, b.getLong(64) + 8)),
                new Lie("snapshot table past the end", b -> b.putLong(64, 1L << 44)),
                new Lie("snapshot table on the L1", b -> b.putLong(64, l1(b))),
                new Lie("snapshot's L1 on the disk's", b -> b.putLong((int) b.getLong(64), l1(b))),
                new Lie("snapshot's L1 at 0", b -> b.putLong((int) b.getLong(64), 0)),
                new Lie("snapshot's L1 unaligned", b -> b.putLong((int) b.getLong(64), l1(b) + 512)),
                new Lie("snapshot's L1 past the end", b -> b.putLong((int) b.getLong(64), 1L << 45)),
                new Lie("snapshot's L1 huge", b -> b.putInt((int) b.getLong(64) + 8, -1)),
                new Lie("snapshot's extra data huge", b -> b.putInt((int) b.getLong(64) + 36, -1)),
                new Lie("no bitmaps", b -> b.putInt(bitmaps(b), 0)),
                new Lie("2^32-1 bitmaps", b -> b.putInt(bitmaps(b), -1)),
                new Lie("more bitmaps than there are", b -> b.putInt(bitmaps(b), 9)),
                new Lie("bitmap directory of 2^63 bytes", b -> b.putLong(bitmaps(b) + 8, Long.MIN_VALUE)),
                new Lie("bitmap directory of 1 GiB", b -> b.putLong(bitmaps(b) + 8, 1 << 30)),
                new Lie("bitmap directory at 0", b -> b.putLong(bitmaps(b) + 16, 0)),
                new Lie("bitmap directory past the end", b -> b.putLong(bitmaps(b) + 16, 1L << 46)),
                new Lie("bitmap directory on the L1", b -> b.putLong(bitmaps(b) + 16, l1(b))),
                new Lie("bitmap table on the L1", b -> b.putLong((int) b.getLong(bitmaps(b) + 16), l1(b))),
                new Lie("bitmap table huge", b -> b.putInt((int) b.getLong(bitmaps(b) + 16) + 8, -1)),
                new Lie("bitmap name huge", b -> b.putShort((int) b.getLong(bitmaps(b) + 16) + 18, (short) -1)));
    }

    private static Stream<Lie> nameAndExtensionLies() {
        int firstExtension = 112;
        return Stream.of(
                new Lie("name past the cluster", b -> b.putLong(8, CLUSTER - 4).putInt(16, 8)),
                new Lie("name at 2^63", b -> b.putLong(8, Long.MIN_VALUE).putInt(16, 8)),
                new Lie("name at 2^63-1", b -> b.putLong(8, Long.MAX_VALUE).putInt(16, 8)),
                new Lie("name of 2^32-1 bytes", b -> b.putLong(8, 2048).putInt(16, -1)),
                new Lie("name of 1,024 bytes", b -> b.putLong(8, 2048).putInt(16, 1024)),
                new Lie("name within the header", b -> b.putLong(8, 24).putInt(16, 8)),
                new Lie("name of NULs", b -> b.putLong(8, 2048).putInt(16, 8)),
                new Lie("extension of 2^32-1 bytes", b -> b.putInt(firstExtension + 4, -1)),
                new Lie("extension of 2^31-1 bytes", b -> b.putInt(firstExtension + 4, Integer.MAX_VALUE)),
                new Lie("extension past the cluster", b -> b.putInt(firstExtension + 4, CLUSTER)),
                new Lie(
                        "extension into the name",
                        b -> b.putLong(8, firstExtension + 16).putInt(16, 8)),
                new Lie("endless extensions", Lie::fillWithExtensions));
    }

    private static void fillWithExtensions(ByteBuffer image) {
        for (int offset = 112; offset < CLUSTER; offset += 8) {
            image.putInt(offset, 0x01020304).putInt(offset + 4, 0);
        }
    }

    static int l1(ByteBuffer image) {
        return (int) image.getLong(40);
    }

    static int refcounts(ByteBuffer image) {
        return (int) image.getLong(48);
    }

    /** Where the L2 entry of a cluster of the disk lies (4 KiB clusters; or the first of any image). */
    static int l2(ByteBuffer image, int cluster) {
        int table = (int) (image.getLong(l1(image) + cluster / (CLUSTER / 8) * 8) & OFFSET_MASK);
        return table + cluster % (CLUSTER / 8) * 8;
    }

    /** Where the content of the bitmaps extension begins. */
    static int bitmaps(ByteBuffer image) {
        int offset = image.getInt(100);
        while (image.getInt(offset) != 0x23852875) {
            offset += 8 + (image.getInt(offset + 4) + 7 & ~7);
        }
        return offset + 8;
    }
}
