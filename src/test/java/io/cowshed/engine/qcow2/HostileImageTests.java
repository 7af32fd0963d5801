package io.cowshed.engine.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.cowshed.engine.block.BackingFileException;
import io.cowshed.engine.block.BackingResolver;
import io.cowshed.engine.block.CheckReport;
import io.cowshed.engine.block.CorruptImageException;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.Extent;
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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
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
    private static final long MOST_MEMORY_OF_A_CHECK = 64 << 20;
    private static final Duration MOST_TIME_OF_A_CHECK = Duration.ofSeconds(10);

    private byte[] good = new byte[0];
    private byte[] goodZstd = new byte[0];
    private byte[] goodExtended = new byte[0];

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

    @ParameterizedTest
    @MethodSource("io.cowshed.engine.qcow2.Lie#all")
    void refusesALieAbout(Lie lie) {
        byte[] image = good.clone();
        lie.change().accept(ByteBuffer.wrap(image));
        assertThat(image).isNotEqualTo(good);
        assertThat(refusal(image)).isInstanceOf(ImageException.class);
        readAsFarAsItGoes(image);
    }

    /** Only some lies are found out by a writer, which looks at what it needs; none makes it fail in another way. */
    @ParameterizedTest
    @MethodSource("io.cowshed.engine.qcow2.Lie#all")
    void aWriterFailsAsItShouldOn(Lie lie) {
        byte[] image = good.clone();
        lie.change().accept(ByteBuffer.wrap(image));
        long start = cpuNanos();
        try (WritableQcow2Image disk = WritableQcow2Image.open(new MemoryFile("lie", image), BackingResolver.NONE)) {
            disk.write(0, ByteBuffer.allocate(DISK / 2));
            disk.flush();
            disk.writeZeros(DISK / 4, DISK / 2);
            disk.discard(0, DISK / 8);
            disk.resize(DISK * 2L);
        } catch (IOException e) {
            assertThat(e).hasMessageStartingWith("lie: ");
        }
        assertThat(Duration.ofNanos(cpuNanos() - start)).isLessThan(MOST_TIME);
    }

    @Test
    void refusesSubclustersThatAreBothAllocatedAndZero() {
        byte[] image = goodExtended.clone();
        ByteBuffer bytes = ByteBuffer.wrap(image);
        bytes.putLong(Lie.l2(bytes, 0) + 8, 1L << 32 | 1);
        assertThat(refusal(image)).hasMessageContaining("both allocated and zero");
        assertThatThrownBy(() -> readAt(open(image), 0, 1)).isInstanceOf(CorruptImageException.class);
    }

    @Test
    void manySnapshotsOfOneTableAreNotEachWalked() {
        int count = 60_000;
        int table = good.length + CLUSTER & -CLUSTER;
        int l1Bytes = 1 << 20;
        int l1 = table + (count * 40 + CLUSTER & -CLUSTER);
        byte[] image = Arrays.copyOf(good, l1 + l1Bytes);
        ByteBuffer bytes = ByteBuffer.wrap(image);
        bytes.putInt(60, count).putLong(64, table);
        for (int i = 0; i < count; i++) {
            bytes.putLong(table + i * 40, l1).putInt(table + i * 40 + 8, l1Bytes / 8);
        }
        for (int i = 0; i < l1Bytes; i += 8) {
            bytes.putLong(l1 + i, bytes.getLong(Lie.l1(bytes)));
        }
        assertThat(refusal(image)).hasMessageContaining("snapshot's L1 table").hasMessageContaining("other metadata");
    }

    @Test
    void aTableThatIsNamedManyTimesIsScannedOnce() {
        int entries = 100_000;
        int table = good.length + CLUSTER & -CLUSTER;
        int l1 = table + CLUSTER;
        byte[] image = Arrays.copyOf(good, l1 + entries * 8);
        ByteBuffer bytes = ByteBuffer.wrap(image);
        bytes.putInt(60, 1).putLong(64, table).putLong(table, l1).putInt(table + 8, entries);
        for (int i = 0; i < entries; i++) {
            bytes.putLong(l1 + i * 8, bytes.getLong(Lie.l1(bytes)));
        }
        MemoryFile file = new MemoryFile("named many times", image);
        assertThat(measured(() -> Qcow2Validation.validate(file))).isNull();
        assertThat(file.bytesRead()).isLessThan(8L * image.length);
    }

    @Test
    void aDiskOfNoBytesThatQemuMadeIsADisk(@TempDir Path directory) throws IOException {
        Path path = directory.resolve("nothing.qcow2");
        QemuImg.run("create", "-q", "-f", "qcow2", path.toString(), "0");
        byte[] image = Files.readAllBytes(path);
        assertThat(refusal(image)).isNull();
        try (DiskImage disk = open(image)) {
            assertThat(disk.virtualSize()).isZero();
        }
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
    void randomDamageToMetadataNeverEndsInAnythingElse() throws IOException {
        Random random = new Random(20_260_101);
        for (byte[] from : List.of(good, goodZstd, goodExtended)) {
            int metadata = Math.min(from.length, 60 << 10);
            for (int round = 0; round < 700; round++) {
                byte[] image = from.clone();
                for (int pokes = 1 + random.nextInt(4); pokes > 0; pokes--) {
                    int at = random.nextInt(random.nextBoolean() ? 200 : metadata);
                    image[at] = random.nextBoolean() ? (byte) random.nextInt() : (byte) (1 << random.nextInt(8));
                }
                if (refusal(image) == null) {
                    assertStructureIsSound(image);
                }
                readAsFarAsItGoes(image);
            }
        }
    }

    /** What was accepted has nothing wrong with it but what lies within compressed clusters. */
    private static void assertStructureIsSound(byte[] image) throws IOException {
        try (DiskImage disk = open(image)) {
            Extents extents = Extents.of(disk);
            for (Extent extent = extents.next(); extent != null; extent = extents.next()) {
                int length = (int) Math.min(extent.length(), 64 << 10);
                try {
                    readAt(disk, extent.start(), length);
                } catch (CorruptImageException e) {
                    assertThat(e.structure()).isEqualTo("compressed cluster");
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aDamagedCompressedClusterIsNeverReadAsZeros(boolean zstd) throws IOException {
        byte[] from = zstd ? goodZstd : good;
        ByteBuffer bytes = ByteBuffer.wrap(from);
        long entry = bytes.getLong(Lie.l2(bytes, COMPRESSED_AT / CLUSTER));
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
        int l2 = (int) (few.getLong((int) few.getLong(40)) & 0x00ff_ffff_ffff_fe00L);
        long entry = few.getLong(l2 + cluster * 8);
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

    /** What validation says of an image: null if it is accepted. Fails the test if that takes long (of the processor), or much memory. */
    private static @Nullable ImageException refusal(byte[] image) {
        MemoryFile file = new MemoryFile("hostile", image);
        @Nullable ImageException refusal = measured(() -> Qcow2Validation.validate(file));
        @Nullable ImageException inManyWindows = measured(() -> Qcow2Validation.validate(file, 64));
        assertThat(inManyWindows == null).isEqualTo(refusal == null);
        List<CheckReport> reports = new ArrayList<>();
        @Nullable
        ImageException notChecked =
                measured(() -> reports.add(Qcow2Check.check(file)), MOST_MEMORY_OF_A_CHECK, MOST_TIME_OF_A_CHECK);
        if (refusal != null && notChecked == null) {
            assertThat(reports.getFirst().errors()).as(refusal.getMessage()).isPositive();
        }
        return refusal;
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
        return measured(attempt, MOST_MEMORY, MOST_TIME);
    }

    private static @Nullable ImageException measured(Attempt attempt, long mostMemory, Duration mostTime) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        long start = cpuNanos();
        @Nullable ImageException refusal = null;
        try {
            attempt.run();
        } catch (ImageException e) {
            refusal = e;
        } catch (IOException e) {
            throw new AssertionError("not an ImageException", e);
        }
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(mostMemory);
        assertThat(Duration.ofNanos(cpuNanos() - start)).isLessThan(mostTime);
        return refusal;
    }

    /** What others do meanwhile is not counted. */
    private static long cpuNanos() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    private static DiskImage open(byte[] image) throws IOException {
        return ImageChain.open(new MemoryFile("hostile", image), ImageFormat.QCOW2, BackingResolver.NONE);
    }

    private static byte[] readAt(DiskImage disk, long offset, int length) throws IOException {
        byte[] bytes = new byte[length];
        disk.read(offset, ByteBuffer.wrap(bytes));
        return bytes;
    }
}
