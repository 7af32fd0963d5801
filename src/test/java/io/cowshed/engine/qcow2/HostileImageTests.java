package io.cowshed.engine.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.cowshed.engine.block.BackingFileException;
import io.cowshed.engine.block.BackingResolver;
import io.cowshed.engine.block.CorruptImageException;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.Extents;
import io.cowshed.engine.block.ImageException;
import io.cowshed.engine.block.ImageFormat;
import io.cowshed.engine.block.MemoryFile;
import io.cowshed.engine.block.UnsupportedImageException;
import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.oracle.QemuIo;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Files that lie. Each is refused by an {@link ImageException}, never anything else, in little time and memory. They are
 * made of one good image, with a snapshot, a bitmap and clusters of all kinds, by changing exact bytes.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HostileImageTests {

    private static final int CLUSTER = 4096;
    private static final int DISK = 3 << 20;
    private static final int COMPRESSED_AT = 1 << 20;
    private static final long MOST_MEMORY = 16 << 20;
    private static final Duration MOST_TIME = Duration.ofSeconds(1);
    private static final long OFFSET_MASK = 0x00ff_ffff_ffff_fe00L;

    private byte[] good = new byte[0];
    private byte[] goodZstd = new byte[0];
    private byte[] goodExtended = new byte[0];

    /** A change to a good image that makes it a bad one. */
    record Lie(String about, Consumer<ByteBuffer> change) {
        @Override
        public String toString() {
            return about;
        }
    }

    @BeforeAll
    void makeGoodImages(@TempDir Path directory) throws IOException {
        good = make(directory.resolve("good.qcow2"), "cluster_size=4k");
        goodZstd = make(directory.resolve("zstd.qcow2"), "cluster_size=4k,compression_type=zstd");
        goodExtended = make(directory.resolve("extended.qcow2"), "cluster_size=16k,extended_l2=on");
    }

    private static byte[] make(Path path, String options) throws IOException {
        String image = path.toString();
        QemuImg.run("create", "-q", "-f", "qcow2", "-o", options, image, Integer.toString(DISK));
        QemuIo.run(path, "qcow2", List.of("write -q -P 1 0 100k", "write -q -c -P 2 1M 16k", "write -q -z 512k 64k"));
        QemuImg.run("snapshot", "-c", "before", image);
        QemuImg.run("bitmap", "--add", "--enable", "-g", "4k", image, "changes");
        QemuIo.run(path, "qcow2", List.of("write -q -P 3 8k 40k", "write -q -P 4 2500k 100k"));
        return Files.readAllBytes(path);
    }

    @Test
    void goodImagesAreAcceptedAndRead() throws IOException {
        for (byte[] image : List.of(good, goodZstd, goodExtended)) {
            assertThat(refusal(image)).isNull();
            try (DiskImage disk = open(image)) {
                assertThat(readAt(disk, COMPRESSED_AT, 4096)).containsOnly(2);
                assertThat(readAt(disk, 512 << 10, 4096)).containsOnly(0);
                assertThat(readAt(disk, 8 << 10, 4096)).containsOnly(3);
            }
        }
    }

    static Stream<Lie> lies() {
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
                new Lie("endless extensions", HostileImageTests::fillWithExtensions));
    }

    private static void fillWithExtensions(ByteBuffer image) {
        for (int offset = 112; offset < CLUSTER; offset += 8) {
            image.putInt(offset, 0x01020304).putInt(offset + 4, 0);
        }
    }

    @ParameterizedTest
    @MethodSource("lies")
    void refusesALieAbout(Lie lie) {
        byte[] image = good.clone();
        lie.change.accept(ByteBuffer.wrap(image));
        assertThat(image).isNotEqualTo(good);
        assertThat(refusal(image)).isInstanceOf(ImageException.class);
        readAsFarAsItGoes(image);
    }

    @Test
    void refusesSubclustersThatAreBothAllocatedAndZero() {
        byte[] image = goodExtended.clone();
        ByteBuffer bytes = ByteBuffer.wrap(image);
        bytes.putLong(l2(bytes, 0) + 8, 1L << 32 | 1);
        assertThat(refusal(image)).hasMessageContaining("both allocated and zero");
        assertThatThrownBy(() -> readAt(open(image), 0, 1)).isInstanceOf(CorruptImageException.class);
    }

    @Test
    void aDiskOfNoBytesIsADisk() throws IOException {
        byte[] image = good.clone();
        ByteBuffer.wrap(image).putLong(24, 0);
        assertThat(refusal(image)).isNull();
        try (DiskImage disk = open(image)) {
            assertThat(disk.virtualSize()).isZero();
            assertThat(Extents.of(disk).next()).isNull();
        }
    }

    @Test
    void refusesWhatIsNotAnImageAtAll() {
        byte[] noise = new byte[100_000];
        new Random(1).nextBytes(noise);
        assertThat(refusal(noise)).isInstanceOf(CorruptImageException.class);
        assertThat(refusal(new byte[0])).isInstanceOf(CorruptImageException.class);
        assertThat(refusal(new byte[1 << 20])).isInstanceOf(CorruptImageException.class);
        assertThat(refusal("QFI\u00fb".getBytes(StandardCharsets.ISO_8859_1)))
                .isInstanceOf(CorruptImageException.class);
    }

    @Test
    void anImageCutOffAnywhereIsRefusedOrReadAsItWas() throws IOException {
        byte[] whole;
        try (DiskImage disk = open(good)) {
            whole = readAt(disk, 0, DISK);
        }
        int accepted = 0;
        for (int length = good.length - 1; length >= 0; length -= 97) {
            byte[] image = Arrays.copyOf(good, length);
            if (refusal(image) == null) {
                accepted++;
                try (DiskImage disk = open(image)) {
                    assertLosesOnlyATail(whole, readAt(disk, 0, DISK));
                }
            } else {
                readAsFarAsItGoes(image);
            }
        }
        assertThat(accepted).as("only within the last cluster").isLessThanOrEqualTo(CLUSTER / 97 + 1);
    }

    /** The file may end within its last cluster, as in QEMU. */
    private static void assertLosesOnlyATail(byte[] whole, byte[] read) {
        int different = 0;
        for (int i = 0; i < whole.length; i++) {
            if (whole[i] != read[i]) {
                assertThat(read[i]).isZero();
                different++;
            }
        }
        assertThat(different).isLessThanOrEqualTo(CLUSTER);
    }

    @Test
    void randomDamageToMetadataNeverEndsInAnythingElse() {
        Random random = new Random(20_260_101);
        for (byte[] from : List.of(good, goodZstd, goodExtended)) {
            int metadata = Math.min(from.length, 60 << 10);
            for (int round = 0; round < 700; round++) {
                byte[] image = from.clone();
                for (int pokes = 1 + random.nextInt(4); pokes > 0; pokes--) {
                    int at = random.nextInt(random.nextBoolean() ? 200 : metadata);
                    image[at] = random.nextBoolean() ? (byte) random.nextInt() : (byte) (1 << random.nextInt(8));
                }
                refusal(image);
                readAsFarAsItGoes(image);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aDamagedCompressedClusterIsNeverReadAsZeros(boolean zstd) throws IOException {
        byte[] from = zstd ? goodZstd : good;
        ByteBuffer bytes = ByteBuffer.wrap(from);
        long entry = bytes.getLong(l2(bytes, COMPRESSED_AT / CLUSTER));
        assertThat(entry >>> 62).isEqualTo(1);
        int at = (int) (entry & ((1L << 58) - 1));

        byte[] blank = from.clone();
        Arrays.fill(blank, at, at + 20, (byte) 0);
        assertThatThrownBy(() -> readAt(open(blank), COMPRESSED_AT, 1)).isInstanceOf(CorruptImageException.class);

        byte[] cut = Arrays.copyOf(from, at + 5);
        Qcow2Header header = Qcow2Header.parse("cut", ByteBuffer.wrap(cut));
        assertThat(header.l1TableOffset()).isLessThan(at);
        assertThatThrownBy(() -> readAt(open(cut), COMPRESSED_AT, 1)).isInstanceOf(CorruptImageException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "json:{\"driver\":\"qcow2\",\"file\":{\"driver\":\"file\",\"filename\":\"/etc/passwd\"}}",
                "nbd://127.0.0.1:10809/disk",
                "/etc/passwd",
                "../secret.raw",
                "fat:rw:/etc"
            })
    void aBackingNameGoesNowhereButToTheResolver(String name) throws IOException {
        MemoryFile file = new MemoryFile("overlay", withBackingName(name));
        assertThatThrownBy(() -> ImageChain.open(file, ImageFormat.QCOW2, BackingResolver.NONE))
                .isInstanceOf(BackingFileException.class)
                .hasMessageContaining(name);
        assertThat(file.isClosed()).isTrue();
        assertThatThrownBy(() -> ImageChain.open(file, ImageFormat.QCOW2, new SiblingResolver(Path.of("/nowhere"))))
                .isInstanceOf(BackingFileException.class);
    }

    private byte[] withBackingName(String name) throws IOException {
        byte[] image = good.clone();
        byte[] text = name.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.wrap(image);
        bytes.putLong(8, 2048).putInt(16, text.length).put(2048, text);
        assertThat(Qcow2Header.parse("overlay", ByteBuffer.wrap(image)).backingName())
                .isEqualTo(name);
        return image;
    }

    @Test
    void refusalsNameWhatIsRefused() {
        byte[] image = good.clone();
        ByteBuffer.wrap(image).putLong(72, 1 << 2);
        assertThat(refusal(image))
                .isInstanceOfSatisfying(
                        UnsupportedImageException.class,
                        e -> assertThat(e.feature()).isEqualTo("external data file"));
        image = good.clone();
        ByteBuffer.wrap(image).putInt(32, 2);
        assertThat(refusal(image)).hasMessageContaining("encryption (LUKS)");
        image = good.clone();
        ByteBuffer.wrap(image).putLong(72, 1L << 40);
        assertThat(refusal(image)).hasMessageContaining("incompatible feature bit 40");
    }

    @Test
    void imagesMarkedCorruptOrDirtyAreRead() throws IOException {
        byte[] image = good.clone();
        ByteBuffer.wrap(image).putLong(72, 3);
        try (DiskImage disk = open(image)) {
            assertThat(readAt(disk, 0, 4096)).containsOnly(1);
        }
    }

    /** Nothing is shared within one disk, so an image that maps more than its file can hold is a lie that costs time. */
    @ParameterizedTest
    @CsvSource({"zlib, 0", "zlib, 16", "zstd, 16"})
    void refusesAFewBytesMappedOverAndOver(String compression, int cluster, @TempDir Path directory)
            throws IOException {
        int size = 64 << 10;
        Path path = directory.resolve("few.qcow2");
        String options = "cluster_size=64k,compression_type=" + compression;
        QemuImg.run("create", "-q", "-f", "qcow2", "-o", options, path.toString(), Integer.toString(DISK));
        QemuIo.run(path, "qcow2", List.of("write -q -P 1 0 128k", "write -q -c -P 2 1M 64k"));
        byte[] from = Files.readAllBytes(path);
        ByteBuffer few = ByteBuffer.wrap(from);
        long entry = few.getLong(l2(few, 0) + cluster * 8);
        assertThat(entry >>> 62 & 1).isEqualTo(cluster == 0 ? 0 : 1);

        int tables = 10;
        int l1 = (from.length & -size) + size;
        ByteBuffer many = ByteBuffer.wrap(Arrays.copyOf(from, l1 + (1 + tables) * size));
        many.putLong(24, (long) tables * size / 8 * size).putInt(36, tables).putLong(40, l1);
        for (int table = 0; table < tables; table++) {
            int at = l1 + (1 + table) * size;
            many.putLong(l1 + table * 8, at | 1L << 63);
            for (int i = 0; i < size; i += 8) {
                many.putLong(at + i, entry);
            }
        }
        assertThat(refusal(many.array()))
                .isInstanceOf(CorruptImageException.class)
                .hasMessageContaining("more clusters than");
    }

    @Test
    void refusesSnapshotsThatAllNameOneLongTableSoon() {
        int snapshots = 4096;
        int table = 4 << 20;
        int start = (good.length & -CLUSTER) + CLUSTER;
        ByteBuffer image = ByteBuffer.wrap(Arrays.copyOf(good, start + snapshots * 40 + CLUSTER + table));
        int l1 = (start + snapshots * 40 & -CLUSTER) + CLUSTER;
        image.putInt(60, snapshots).putLong(64, start);
        for (int snapshot = 0; snapshot < snapshots; snapshot++) {
            image.putLong(start + snapshot * 40, l1).putInt(start + snapshot * 40 + 8, table / 8);
        }
        assertThat(refusal(image.array())).isInstanceOf(CorruptImageException.class);
    }

    /** What validation says of an image: null if it is accepted. Fails the test if that takes long, or much memory. */
    private static @Nullable ImageException refusal(byte[] image) {
        MemoryFile file = new MemoryFile("hostile", image);
        return measured(() -> Qcow2Validation.validate(file));
    }

    /** Reads and maps what can be: the beginning and the end of the disk, and its first extents. */
    private static void readAsFarAsItGoes(byte[] image) {
        measured(() -> {
            try (DiskImage disk = open(image)) {
                int length = (int) Math.min(disk.virtualSize(), 64 << 10);
                readAt(disk, 0, length);
            }
        });
        measured(() -> {
            try (DiskImage disk = open(image)) {
                int length = (int) Math.min(disk.virtualSize(), 64 << 10);
                readAt(disk, disk.virtualSize() - length, length);
            }
        });
        measured(() -> {
            try (DiskImage disk = open(image)) {
                Extents extents = Extents.of(disk);
                int left = 5000;
                while (extents.next() != null && left > 0) {
                    left--;
                }
            }
        });
    }

    private interface Attempt {
        void run() throws IOException;
    }

    private static @Nullable ImageException measured(Attempt attempt) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        long start = System.nanoTime();
        @Nullable ImageException refusal = null;
        try {
            attempt.run();
        } catch (ImageException e) {
            refusal = e;
        } catch (IOException e) {
            throw new AssertionError("not an ImageException", e);
        }
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(MOST_MEMORY);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(MOST_TIME);
        return refusal;
    }

    private static DiskImage open(byte[] image) throws IOException {
        return ImageChain.open(new MemoryFile("hostile", image), ImageFormat.QCOW2, BackingResolver.NONE);
    }

    private static byte[] readAt(DiskImage disk, long offset, int length) throws IOException {
        byte[] bytes = new byte[length];
        disk.read(offset, ByteBuffer.wrap(bytes));
        return bytes;
    }

    private static int l1(ByteBuffer image) {
        return (int) image.getLong(40);
    }

    private static int refcounts(ByteBuffer image) {
        return (int) image.getLong(48);
    }

    /** Where the L2 entry of a cluster of the disk lies (4 KiB clusters; or the first of any image). */
    private static int l2(ByteBuffer image, int cluster) {
        int table = (int) (image.getLong(l1(image) + cluster / (CLUSTER / 8) * 8) & OFFSET_MASK);
        return table + cluster % (CLUSTER / 8) * 8;
    }

    /** Where the content of the bitmaps extension begins. */
    private static int bitmaps(ByteBuffer image) {
        int offset = image.getInt(100);
        while (image.getInt(offset) != 0x23852875) {
            offset += 8 + (image.getInt(offset + 4) + 7 & ~7);
        }
        return offset + 8;
    }
}
