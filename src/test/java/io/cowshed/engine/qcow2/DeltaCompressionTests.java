package io.cowshed.engine.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.engine.block.BackingResolver;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.ImageFormat;
import io.cowshed.engine.block.MemoryFile;
import io.cowshed.engine.block.ReadOnlyFile;
import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.oracle.QemuIo;
import io.cowshed.engine.posix.PosixFile;
import io.cowshed.engine.qcow2.format.CompressionType;
import io.cowshed.engine.qcow2.format.ImageIdentity;
import io.cowshed.engine.raw.RawImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What is compressed is judged by qemu-img. */
class DeltaCompressionTests {

    private static final ImageIdentity IDENTITY = new ImageIdentity(new UUID(1, 2), "debian-12");

    @TempDir
    private Path directory;

    static Stream<SampleImage> images() {
        return DifferentialReadTests.images().filter(sample -> sample.seed() % 6 == 1);
    }

    static Stream<Arguments> clusterBitsAndTypes() {
        return IntStream.rangeClosed(9, 21)
                .boxed()
                .flatMap(bits -> Stream.of(CompressionType.values()).map(type -> Arguments.of(bits, type)));
    }

    @ParameterizedTest
    @MethodSource("images")
    void compressesChainsOfAllKinds(SampleImage sample) throws Exception {
        Path top = sample.create(directory);
        Path copy = directory.resolve("copy.qcow2");
        try (DiskImage image =
                ImageChain.open(ReadOnlyFile.open(top), ImageFormat.QCOW2, new SiblingResolver(directory))) {
            write(
                    image,
                    copy,
                    9 + sample.seed() % 13,
                    sample.seed() % 4 == 1 ? CompressionType.ZLIB : CompressionType.ZSTD,
                    2);
        }
        assertSound(copy, QemuImg.content(top, "qcow2"));
    }

    @ParameterizedTest
    @MethodSource("clusterBitsAndTypes")
    void writesWhatQemuReadsBack(int clusterBits, CompressionType type) throws Exception {
        byte[] disk = mixed(clusterBits, 5_000_003);
        Path copy = directory.resolve("copy.qcow2");
        long length = write(new RawImage(new MemoryFile("raw", disk)), copy, clusterBits, type, 2);
        assertThat(Files.size(copy)).isEqualTo(length);
        assertSound(copy, Arrays.copyOf(disk, 5_000_192));
        assertThat(QemuImg.run("check", "-f", "qcow2", copy.toString())).containsPattern("[1-9][0-9.]*% compressed");
    }

    @ParameterizedTest
    @EnumSource(CompressionType.class)
    void writesTheSameBytesWithAnyNumberOfThreads(CompressionType type) throws Exception {
        DiskImage disk = new RawImage(new MemoryFile("raw", mixed(7, 20_000_000)));
        Path first = directory.resolve("first.qcow2");
        write(disk, first, 16, type, 1);
        for (int threads = 2; threads <= 5; threads++) {
            Path other = directory.resolve("other-" + threads + ".qcow2");
            write(disk, other, 16, type, threads);
            assertThat(Files.mismatch(first, other)).isEqualTo(-1);
        }
    }

    @Test
    void isNoLargerThanWhatQemuCompresses() throws Exception {
        Path raw = directory.resolve("disk.raw");
        Files.write(raw, mixed(3, 40_000_000));
        Path theirs = directory.resolve("theirs.qcow2");
        QemuImg.run("convert", "-c", "-f", "raw", "-O", "qcow2", raw.toString(), theirs.toString());
        Path ours = directory.resolve("ours.qcow2");
        try (DiskImage image = new RawImage(PosixFile.openForReading(raw))) {
            write(image, ours, 16, CompressionType.ZLIB, 2);
        }
        // QEMU ends its file within the last cluster.
        assertThat(Files.size(ours)).isLessThanOrEqualTo(Math.ceilDiv(Files.size(theirs), 65536L) * 65536);
    }

    @Test
    void countsClustersPastOneRefcountBlock() throws Exception {
        // A refcount block of 512 bytes counts 128 KiB of file: some stretches end within packed bytes, some do not.
        byte[] disk = mixed(11, 9_000_000);
        Path copy = directory.resolve("copy.qcow2");
        write(new RawImage(new MemoryFile("raw", disk)), copy, 9, CompressionType.ZLIB, 2);
        assertThat(Files.size(copy)).isGreaterThan(20 * (128 << 10));
        assertSound(copy, Arrays.copyOf(disk, 9_000_448));
    }

    @Test
    void leavesOutZerosThatAreData() throws Exception {
        Path copy = directory.resolve("zeros.qcow2");
        AtomicLong done = new AtomicLong();
        try (PosixFile file = PosixFile.create(copy, 0600)) {
            DiskImage disk = new RawImage(new MemoryFile("raw", new byte[10 << 20]));
            DeltaCopy.Options options = new DeltaCopy.Options(16, IDENTITY, null, CompressionType.ZLIB, false, null);
            DeltaCopy.Outcome outcome = DeltaCopy.write(disk, null, file, options, done::addAndGet);
            assertThat(outcome).isEqualTo(new DeltaCopy.Outcome(4 * 65536, 10 << 20, 0, 0));
        }
        assertThat(done).hasValue(10 << 20);
        assertThat(QemuImg.map(copy, "qcow2")).noneMatch(QemuImg.MapEntry::data);
        try (DiskImage image =
                ImageChain.open(PosixFile.openForReading(copy), ImageFormat.QCOW2, BackingResolver.NONE)) {
            assertThat(((Qcow2Image) image).header().identity()).isEqualTo(IDENTITY);
        }
    }

    @Test
    void copiesADiskOfTerabytesOfNothing() throws Exception {
        Path sparse = directory.resolve("sparse.qcow2");
        QemuImg.run("create", "-q", "-f", "qcow2", sparse.toString(), "2T");
        QemuIo.run(sparse, "qcow2", List.of("write -q -P 5 512 4k", "write -q -P 7 2199023255040 512"));
        Path copy = directory.resolve("copy.qcow2");
        try (DiskImage image = ImageChain.open(ReadOnlyFile.open(sparse), ImageFormat.QCOW2, BackingResolver.NONE)) {
            write(image, copy, 16, CompressionType.ZSTD, 2);
        }
        assertThat(QemuImg.run("check", "-f", "qcow2", copy.toString())).contains("No errors were found");
        assertThat(QemuImg.run("compare", sparse.toString(), copy.toString())).contains("identical");
    }

    @Test
    void endsWhenItIsInterruptedAndLeavesNoImage() throws Exception {
        Path copy = directory.resolve("copy.qcow2");
        DiskImage disk = new RawImage(new MemoryFile("raw", mixed(2, 30_000_000)));
        try (PosixFile file = PosixFile.create(copy, 0600)) {
            assertThatThrownBy(() -> DeltaCopy.write(
                            disk,
                            null,
                            file,
                            options(16, CompressionType.ZLIB),
                            _ -> Thread.currentThread().interrupt()))
                    .isInstanceOf(InterruptedException.class);
            assertThatThrownBy(() -> Qcow2HeaderReader.read(file)).hasMessageContaining("QCOW2");
        }
    }

    @Test
    void qemuReadsWhatTheJdkDeflatesWithItsWiderWindow() throws Exception {
        byte[] disk = mixed(5, 4 << 20);
        Path copy = directory.resolve("copy.qcow2");
        int clusterSize = 1 << 20;
        try (PosixFile file = PosixFile.create(copy, 0600);
                ClusterCompressor compressor = new ClusterCompressor.JavaZlib()) {
            FreshDisk target = new FreshDisk(
                    file, new io.cowshed.engine.qcow2.format.ClusterGeometry(20, false, FreshRefcounts.REFCOUNT_ORDER));
            ByteBuffer out = ByteBuffer.allocateDirect(clusterSize);
            for (int at = 0; at < disk.length; at += clusterSize) {
                ByteBuffer cluster = ByteBuffer.allocateDirect(clusterSize).put(disk, at, clusterSize);
                int length = compressor.compress(cluster.flip(), out);
                assertThat(length).isBetween(1, clusterSize - 1);
                target.compressed(at, out.slice(0, length));
            }
            target.finish(disk.length, CompressionType.ZLIB, null, null);
        }
        assertSound(copy, disk);
    }

    private static long write(DiskImage disk, Path copy, int clusterBits, CompressionType type, int threads)
            throws Exception {
        try (PosixFile file = PosixFile.create(copy, 0600)) {
            return DeltaCopy.write(disk, null, file, options(clusterBits, type), _ -> {}, threads)
                    .fileSize();
        }
    }

    private static DeltaCopy.Options options(int clusterBits, CompressionType type) {
        return new DeltaCopy.Options(clusterBits, null, null, type, false, null);
    }

    private static void assertSound(Path copy, byte[] disk) throws IOException {
        assertThat(QemuImg.run("check", "-f", "qcow2", copy.toString())).contains("No errors were found");
        assertThat(Arrays.mismatch(QemuImg.content(copy, "qcow2"), disk)).isEqualTo(-1);
        try (DiskImage image = ImageChain.open(ReadOnlyFile.open(copy), ImageFormat.QCOW2, BackingResolver.NONE)) {
            ByteBuffer content = ByteBuffer.allocate((int) image.virtualSize());
            image.read(0, content);
            assertThat(Arrays.mismatch(content.array(), disk)).isEqualTo(-1);
        }
    }

    /** Runs of noise, of words, of one byte over and over, and of zeros. */
    private static byte[] mixed(long seed, int length) {
        Random random = new Random(seed);
        byte[] disk = new byte[length];
        byte[] noise = new byte[300_000];
        for (int at = 0; at < length; ) {
            int run = Math.min(length - at, 1 + random.nextInt(noise.length));
            switch (random.nextInt(5)) {
                case 0 -> {
                    random.nextBytes(noise);
                    System.arraycopy(noise, 0, disk, at, run);
                }
                case 1, 2 -> {
                    for (int i = 0; i < run; i++) {
                        disk[at + i] = (byte) ('a' + random.nextInt(1 + i / 1000 % 16));
                    }
                }
                case 3 -> Arrays.fill(disk, at, at + run, (byte) (1 + random.nextInt(255)));
                case 4 -> {}
                default -> throw new AssertionError();
            }
            at += run;
        }
        return disk;
    }
}
