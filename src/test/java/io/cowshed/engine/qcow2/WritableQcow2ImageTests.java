package io.cowshed.engine.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.engine.block.BackingFileException;
import io.cowshed.engine.block.BackingResolver;
import io.cowshed.engine.block.CorruptImageException;
import io.cowshed.engine.block.FaultyFile;
import io.cowshed.engine.block.ImageFormat;
import io.cowshed.engine.block.UnsupportedImageException;
import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.oracle.QemuIo;
import io.cowshed.engine.posix.PosixFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WritableQcow2ImageTests {

    private static final int CLUSTER = 4096;
    private static final int DISK = 3 << 20;
    private static final int INCOMPATIBLE = 79;
    private static final int AUTOCLEAR = 95;

    @TempDir
    private Path directory;

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            compat=0.10,cluster_size=4096                 | 4096
            compat=1.1,cluster_size=4096,refcount_bits=64 | 4096
            compat=1.1,cluster_size=64k                   | 65536
            compat=1.1,cluster_size=512,refcount_bits=1   | 512
            compat=1.1,cluster_size=512,refcount_bits=2   | 512
            compat=1.1,cluster_size=512,refcount_bits=4   | 512
            compat=1.1,cluster_size=512,refcount_bits=8   | 512
            compat=1.1,cluster_size=512,refcount_bits=32  | 512
            compat=1.1,cluster_size=512,refcount_bits=64  | 512
            """)
    void writesABlankDisk(String options, int cluster) throws IOException {
        Path path = create(options, DISK);
        DiskModel model = new DiskModel(new byte[DISK], cluster, new Random(cluster));
        for (int round = 0; round < 2; round++) {
            try (WritableQcow2Image image = open(path)) {
                for (int i = 0; i < 40; i++) {
                    model.change(image);
                }
                model.assertIsRead(image);
            }
            assertSound(path);
            model.assertIs(QemuImg.content(path, "qcow2"));
        }
    }

    /** With the smallest clusters and the widest refcounts a table of one cluster counts 2 MiB of file. */
    @Test
    void theRefcountTableGrowsAsTheFileDoes() throws IOException {
        Path path = create("cluster_size=512,refcount_bits=64", 16 << 20);
        DiskModel model = new DiskModel(new byte[16 << 20], 512, new Random(1));
        try (WritableQcow2Image image = open(path)) {
            int before = image.header().refcountTableClusters();
            for (int i = 0; i < 16; i++) {
                model.write(image, i << 20, 1 << 20);
                if (i % 4 == 0) {
                    image.flush();
                }
            }
            image.flush();
            assertThat(image.header().refcountTableClusters()).isGreaterThan(before * 4);
        }
        assertSound(path);
        model.assertIs(QemuImg.content(path, "qcow2"));
    }

    @Test
    void writesNothingBeforeTheFirstChange() throws IOException {
        Path path = create("cluster_size=4096", DISK);
        FaultyFile file = new FaultyFile(PosixFile.openForWriting(path));
        try (WritableQcow2Image image = WritableQcow2Image.open(file, new SiblingResolver(directory))) {
            image.read(0, ByteBuffer.allocate(DISK));
            image.flush();
        }
        assertThat(file.writes()).isZero();
        assertThat(file.isClosed()).isTrue();
    }

    @Test
    void aFlushAfterOverwritingInPlaceIsOne() throws IOException {
        Path path = create("cluster_size=4096", DISK);
        QemuIo.run(path, "qcow2", List.of("write 0 1M"));
        FaultyFile file = new FaultyFile(PosixFile.openForWriting(path));
        try (WritableQcow2Image image = WritableQcow2Image.open(file, new SiblingResolver(directory))) {
            image.write(8192, ByteBuffer.allocate(8192));
            assertThat(file.writes()).isEqualTo(1);
            image.flush();
            assertThat(file.writes()).isEqualTo(1);
            assertThat(file.flushes()).isEqualTo(1);
            image.write(2 << 20, ByteBuffer.allocate(8192));
            image.flush();
            assertThat(file.flushes()).isEqualTo(3);
        }
    }

    @Test
    void aLargeWriteToNewClustersIsOneWrite() throws IOException {
        Path path = create("cluster_size=64k", 64 << 20);
        FaultyFile file = new FaultyFile(PosixFile.openForWriting(path));
        try (WritableQcow2Image image = WritableQcow2Image.open(file, new SiblingResolver(directory))) {
            image.write(0, ByteBuffer.allocate(16 << 20));
            assertThat(file.writes()).isEqualTo(1);
        }
    }

    @Test
    void endsAnEpochWhenItTakesTooMuchMemory() throws IOException {
        Path path = create("cluster_size=64k", 64L << 30);
        FaultyFile file = new FaultyFile(PosixFile.openForWriting(path));
        try (WritableQcow2Image image = WritableQcow2Image.open(file, new SiblingResolver(directory))) {
            for (long offset = 0; offset < image.virtualSize(); offset += 512 << 20) {
                image.write(offset, ByteBuffer.allocate(512));
            }
            assertThat(file.flushes()).isGreaterThan(2);
        }
        assertSound(path);
    }

    @Test
    void aDiskOfNoLengthGrows() throws IOException {
        Path path = create("cluster_size=4096", 0);
        DiskModel model = new DiskModel(new byte[0], CLUSTER, new Random(7));
        try (WritableQcow2Image image = open(path)) {
            model.resize(image, DISK);
            model.write(image, 12345, 100_000);
        }
        assertSound(path);
        model.assertIs(QemuImg.content(path, "qcow2"));
    }

    /** Each write is seen whole or not at all, for what excludes each other is whole calls. */
    @Test
    void othersReadBesideTheOneWhoWrites() throws Exception {
        Path path = create("cluster_size=4096", DISK);
        try (WritableQcow2Image image = open(path);
                ExecutorService readers = Executors.newFixedThreadPool(2)) {
            AtomicBoolean done = new AtomicBoolean();
            Callable<Integer> reader = () -> {
                int reads = 0;
                byte[] content = new byte[64 << 10];
                while (!done.get() || reads == 0) {
                    image.read(4 << 10, ByteBuffer.wrap(content));
                    assertThat(content).containsOnly(content[0]);
                    image.extentAt(0, DISK);
                    reads++;
                }
                return reads;
            };
            List<Future<Integer>> results = List.of(readers.submit(reader), readers.submit(reader));
            try {
                for (int i = 0; i < 200; i++) {
                    byte[] content = new byte[64 << 10];
                    Arrays.fill(content, (byte) i);
                    image.write(4 << 10, ByteBuffer.wrap(content));
                    if (i % 10 == 0) {
                        image.discard(0, DISK);
                        image.flush();
                    }
                }
            } finally {
                done.set(true);
            }
            for (Future<Integer> result : results) {
                assertThat(result.get()).isPositive();
            }
        }
    }

    @Test
    void usesSpaceAgainThatWasGivenBack() throws IOException {
        Path path = create("cluster_size=4096", DISK);
        DiskModel model = new DiskModel(new byte[DISK], CLUSTER, new Random(2));
        try (WritableQcow2Image image = open(path)) {
            model.write(image, 0, 1 << 20);
            image.flush();
            long full = Files.size(path);
            for (int i = 0; i < 10; i++) {
                image.discard(0, 1 << 20);
                image.flush();
                model.write(image, 1 << 20, 1 << 20);
                image.flush();
                image.discard(1 << 20, 1 << 20);
                image.flush();
                model.write(image, 0, 1 << 20);
                image.flush();
            }
            assertThat(Files.size(path)).isLessThan(full + (1 << 20) / 2);
        }
        assertSound(path);
    }

    @Test
    void discardingGivesSpaceBack() throws IOException {
        Path path = create("cluster_size=64k", 64 << 20);
        try (WritableQcow2Image image = open(path)) {
            image.write(0, noise(32 << 20));
            image.flush();
            image.discard(0, 64 << 20);
        }
        try (PosixFile file = PosixFile.openForReading(path)) {
            assertThat(file.allocatedSize()).isLessThan(1 << 20);
        }
    }

    @Test
    void refusesRangesOutsideOfTheDisk() throws IOException {
        try (WritableQcow2Image image = open(create("cluster_size=4096", DISK))) {
            assertThatThrownBy(() -> image.write(DISK - 1, ByteBuffer.allocate(2)))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> image.writeZeros(-1, 1)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> image.discard(0, DISK + 1L)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> image.resize(1)).isInstanceOf(IllegalArgumentException.class);
            image.write(DISK, ByteBuffer.allocate(0));
        }
    }

    @Test
    void refusesImagesThatAreMarkedAsCorrupt() throws IOException {
        Path path = create("cluster_size=4096", DISK);
        byte[] bytes = Files.readAllBytes(path);
        bytes[INCOMPATIBLE] = 2;
        Files.write(path, bytes);
        FaultyFile file = new FaultyFile(PosixFile.openForWriting(path));
        assertThatThrownBy(() -> WritableQcow2Image.open(file, new SiblingResolver(directory)))
                .isInstanceOf(UnsupportedImageException.class)
                .hasMessageContaining("corrupt");
        assertThat(file.isClosed()).isTrue();
        assertThat(Files.readAllBytes(path)).isEqualTo(bytes);
    }

    /** As a QEMU with lazy refcounts leaves an image when it is killed: what it allocated is not counted. */
    @Test
    void repairsAnImageThatIsMarkedAsDirty() throws IOException {
        Path path = create("cluster_size=4096", DISK);
        try (WritableQcow2Image image = open(path)) {
            image.write(0, ByteBuffer.wrap(bytes(20_000, 1)));
        }
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path));
        int block = (int) bytes.getLong((int) bytes.getLong(48));
        for (int cluster = 4; cluster < 64; cluster++) {
            bytes.putShort(block + 2 * cluster, (short) 0);
        }
        bytes.put(INCOMPATIBLE, (byte) 1);
        Files.write(path, bytes.array());

        try (WritableQcow2Image image = open(path)) {
            image.write(100_000, ByteBuffer.wrap(bytes(20_000, 2)));
        }

        assertThat(QemuImg.check(path)).doesNotContainKeys("corruptions", "leaks");
        byte[] expected = new byte[DISK];
        System.arraycopy(bytes(20_000, 1), 0, expected, 0, 20_000);
        System.arraycopy(bytes(20_000, 2), 0, expected, 100_000, 20_000);
        assertThat(QemuImg.content(path, "qcow2")).isEqualTo(expected);
    }

    private static byte[] bytes(int length, int value) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    @Test
    void bitmapsAndUnknownAutoclearBitsCeaseToBeValidWithTheFirstChange() throws IOException {
        Path path = create("cluster_size=64k", DISK);
        QemuImg.run("bitmap", "--add", path.toString(), "changes");
        byte[] bytes = Files.readAllBytes(path);
        assertThat(bytes[AUTOCLEAR]).isEqualTo((byte) 1);
        bytes[AUTOCLEAR - 1] = 5;
        Files.write(path, bytes);
        DiskModel model = new DiskModel(new byte[DISK], 65536, new Random(3));
        try (WritableQcow2Image image = open(path)) {
            image.flush();
            assertThat(Files.readAllBytes(path)).isEqualTo(bytes);
            for (int i = 0; i < 20; i++) {
                model.change(image);
            }
            assertThat(image.header().features().autoclear()).isZero();
            assertThat(image.header().bitmaps()).isNotNull();
        }
        model.assertIs(QemuImg.content(path, "qcow2"));
        try (PosixFile file = PosixFile.openForReading(path)) {
            Qcow2Validation.validate(file);
        }
    }

    @Test
    void aGuestCannotWriteToTheImagesOwnTables() throws IOException {
        Path path = create("cluster_size=4096", DISK);
        QemuIo.run(path, "qcow2", List.of("write 0 64k"));
        byte[] bytes = Files.readAllBytes(path);
        ByteBuffer poke = ByteBuffer.wrap(bytes);
        long l2 = poke.getLong((int) poke.getLong(40)) & 0x00ff_ffff_ffff_fe00L;
        long refcountTable = poke.getLong(48);
        poke.putLong((int) l2 + 8, refcountTable | 1L << 63);
        Files.write(path, bytes);
        WritableQcow2Image image = open(path);
        assertThatThrownBy(() -> image.write(CLUSTER + 100, ByteBuffer.allocate(200)))
                .isInstanceOf(CorruptImageException.class)
                .hasMessageContaining("metadata");
        assertThatThrownBy(() -> image.write(0, ByteBuffer.allocate(1))).isInstanceOf(IOException.class);
        image.close();
        bytes[INCOMPATIBLE] |= 2;
        assertThat(Files.readAllBytes(path)).isEqualTo(bytes);
    }

    @Test
    void aTableOnOtherMetadataIsRefusedWhenOpening() throws IOException {
        Path path = create("cluster_size=4096", DISK);
        QemuIo.run(path, "qcow2", List.of("write 0 64k"));
        byte[] bytes = Files.readAllBytes(path);
        ByteBuffer poke = ByteBuffer.wrap(bytes);
        poke.putLong((int) poke.getLong(40), poke.getLong(48) | 1L << 63);
        Files.write(path, bytes);
        assertThatThrownBy(() -> open(path)).isInstanceOf(CorruptImageException.class);
        assertThat(Files.readAllBytes(path)).isEqualTo(bytes);
    }

    @Test
    void aClusterInUseThatIsNotCountedStopsAllWriting() throws IOException {
        Path path = create("cluster_size=4096", DISK);
        QemuIo.run(path, "qcow2", List.of("write 0 64k"));
        byte[] bytes = Files.readAllBytes(path);
        ByteBuffer poke = ByteBuffer.wrap(bytes);
        long l2 = poke.getLong((int) poke.getLong(40)) & 0x00ff_ffff_ffff_fe00L;
        long host = poke.getLong((int) l2) & 0x00ff_ffff_ffff_fe00L;
        long block = poke.getLong((int) poke.getLong(48));
        poke.putShort((int) (block + host / CLUSTER * 2), (short) 0);
        Files.write(path, bytes);
        try (WritableQcow2Image image = open(path)) {
            assertThatThrownBy(() -> image.write(0, ByteBuffer.allocate(1)))
                    .isInstanceOf(CorruptImageException.class)
                    .hasMessageContaining("refcount is 0");
        }
        assertThat(Files.readAllBytes(path)[INCOMPATIBLE]).isEqualTo((byte) 2);
    }

    @Test
    void goesOnAfterAGuestsWriteThatFailed() throws IOException {
        Path path = create("cluster_size=4096", DISK);
        FaultyFile file = new FaultyFile(PosixFile.openForWriting(path));
        DiskModel model = new DiskModel(new byte[DISK], CLUSTER, new Random(4));
        try (WritableQcow2Image image = WritableQcow2Image.open(file, new SiblingResolver(directory))) {
            model.write(image, 0, 100_000);
            file.failWrites(true);
            assertThatThrownBy(() -> image.write(200_000, ByteBuffer.allocate(50_000)))
                    .isInstanceOf(IOException.class);
            file.failWrites(false);
            model.assertIsRead(image);
            model.write(image, 300_000, 100_000);
            model.assertIsRead(image);
        }
        assertSound(path);
        model.assertIs(QemuImg.content(path, "qcow2"));
    }

    @Test
    void nothingIsTriedAgainAfterAFlushFailed() throws IOException {
        Path path = create("cluster_size=4096", DISK);
        FaultyFile file = new FaultyFile(PosixFile.openForWriting(path));
        DiskModel model = new DiskModel(new byte[DISK], CLUSTER, new Random(5));
        WritableQcow2Image image = WritableQcow2Image.open(file, new SiblingResolver(directory));
        model.write(image, 0, 100_000);
        image.flush();
        image.write(200_000, ByteBuffer.allocate(50_000));
        file.failFlushes(true);
        assertThatThrownBy(image::flush).isInstanceOf(IOException.class);
        file.failFlushes(false);
        int writes = file.writes();
        assertThatThrownBy(image::flush).hasMessageContaining("opened again");
        assertThatThrownBy(() -> image.write(0, ByteBuffer.allocate(1))).hasMessageContaining("opened again");
        image.close();
        image.close();
        assertThat(file.writes()).isEqualTo(writes);
        assertThat(file.isClosed()).isTrue();
        try (WritableQcow2Image again = open(path)) {
            model.assertIsRead(again);
        }
    }

    @Test
    void aClosedImageIsWrittenNoMore() throws IOException {
        WritableQcow2Image image = open(create("cluster_size=4096", DISK));
        image.close();
        assertThatThrownBy(() -> image.write(0, ByteBuffer.allocate(1))).hasMessageContaining("closed");
    }

    /** QEMU 7.2 itself shows what the last cluster held before, when a disk grows that was shortened: here it is zeros. */
    @ParameterizedTest
    @ValueSource(
            strings = {"compat=1.1,cluster_size=512", "compat=0.10,cluster_size=4096", "cluster_size=64k,extended_l2=on"
            })
    void aDiskThatGrowsShowsNothingOfWhatWasThereBefore(String options) throws IOException {
        Path path = create(options, DISK);
        byte[] content = new byte[DISK];
        Random random = new Random(6);
        random.nextBytes(content);
        try (WritableQcow2Image image = open(path)) {
            image.write(0, ByteBuffer.wrap(content));
        }
        for (int i = 0; i < 6; i++) {
            int size = 512 * (1 + random.nextInt(DISK / 512));
            if (i % 2 == 1) {
                size += content.length;
            }
            try (WritableQcow2Image image = open(path)) {
                image.resize(size);
                assertThat(image.virtualSize()).isEqualTo(size);
            }
            content = Arrays.copyOf(content, size);
            assertSound(path);
            assertThat(Arrays.equals(QemuImg.content(path, "qcow2"), content)).isTrue();
            try (PosixFile file = PosixFile.openForReading(path)) {
                assertThat(file.allocatedSize()).isLessThan(size + size / 4 + (1 << 20));
            }
        }
    }

    @Test
    void keepsTheSizeOfAnImageWithSnapshotsWhereItMust() throws IOException {
        Path path = create("cluster_size=4096", DISK);
        QemuImg.run("snapshot", "-c", "one", path.toString());
        try (WritableQcow2Image image = open(path)) {
            assertThatThrownBy(() -> image.resize(DISK / 2)).isInstanceOf(UnsupportedImageException.class);
            image.resize(DISK * 2);
        }
        assertSound(path);
        Path old = directory.resolve("old.qcow2");
        QemuImg.run("create", "-q", "-f", "qcow2", "-o", "compat=0.10", old.toString(), "3M");
        QemuImg.run("snapshot", "-c", "one", old.toString());
        try (WritableQcow2Image image = open(old)) {
            assertThatThrownBy(() -> image.resize(DISK * 2)).isInstanceOf(UnsupportedImageException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cluster_size=64k", "cluster_size=4096,compat=0.10", "cluster_size=1024"})
    void changesItsBackingFile(String options) throws IOException {
        byte[] names = {1, 2, 3};
        for (byte name : names) {
            Path base = directory.resolve(baseName(name));
            QemuImg.run("create", "-q", "-f", "qcow2", base.toString(), "3M");
            QemuIo.run(base, "qcow2", List.of("write -P " + name + " 0 3M"));
        }
        Path raw = directory.resolve("base.raw");
        Files.write(raw, new byte[DISK]);
        Path path = directory.resolve("disk.qcow2");
        QemuImg.run("create", "-q", "-f", "qcow2", "-o", options, "-b", "base.raw", "-F", "raw", path.toString());
        List<Byte> order = new ArrayList<>(List.of((byte) 1, (byte) 2, (byte) 3, (byte) 1));
        try (WritableQcow2Image image = open(path)) {
            for (byte name : order) {
                image.changeBacking(baseName(name));
                assertReads(image, name);
                assertThat(image.header().backingFormat()).isEqualTo("qcow2");
                assertThat(QemuImg.run("info", "-U", path.toString()))
                        .contains("backing file: " + baseName(name))
                        .contains("backing file format: qcow2");
            }
            assertThatThrownBy(() -> image.changeBacking("nowhere.qcow2")).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> image.changeBacking("../base.raw")).isInstanceOf(IllegalArgumentException.class);
            assertReads(image, (byte) 1);
            image.write(0, ByteBuffer.wrap(new byte[] {9}));
        }
        assertSound(path);
        assertThat(QemuImg.content(path, "qcow2")).startsWith(9, 1, 1);
        try (WritableQcow2Image image = open(path)) {
            image.changeBacking(null);
            assertThat(image.backing()).isNull();
        }
        assertSound(path);
        assertThat(QemuImg.run("info", path.toString())).doesNotContain("backing file:");
        assertThat(Arrays.copyOfRange(QemuImg.content(path, "qcow2"), 65536, DISK))
                .containsOnly(0);
    }

    /** Names of different lengths take their turn in the header cluster. */
    private static String baseName(byte name) {
        return "base-" + "x".repeat(name * 60) + ".qcow2";
    }

    private static void assertReads(WritableQcow2Image image, byte value) throws IOException {
        byte[] content = new byte[DISK];
        image.read(0, ByteBuffer.wrap(content));
        assertThat(content).containsOnly(value);
    }

    @Test
    void neverBecomesItsOwnBackingFile() throws IOException {
        Path path = create("cluster_size=4096", DISK);
        byte[] before = Files.readAllBytes(path);
        try (WritableQcow2Image image = WritableQcow2Image.open(
                PosixFile.openForWriting(path),
                (file, name, format) -> new BackingResolver.Backing(
                        PosixFile.openForReading(directory.resolve(name)), ImageFormat.QCOW2))) {
            assertThatThrownBy(() -> image.changeBacking("disk.qcow2")).isInstanceOf(BackingFileException.class);
        }
        assertThat(Files.readAllBytes(path)).isEqualTo(before);
    }

    private Path create(String options, long size) {
        Path path = directory.resolve("disk.qcow2");
        QemuImg.run("create", "-q", "-f", "qcow2", "-o", options, path.toString(), Long.toString(size));
        return path;
    }

    private WritableQcow2Image open(Path path) throws IOException {
        return WritableQcow2Image.open(PosixFile.openForWriting(path), new SiblingResolver(directory));
    }

    private static void assertSound(Path path) {
        assertThat(QemuImg.run("check", path.toString())).contains("No errors were found");
    }

    private static ByteBuffer noise(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return ByteBuffer.wrap(bytes);
    }
}
