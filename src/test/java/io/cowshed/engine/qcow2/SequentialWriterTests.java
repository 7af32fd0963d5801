package io.cowshed.engine.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.engine.block.BackingResolver;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.ImageFormat;
import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.posix.PosixFile;
import io.cowshed.engine.qcow2.format.ImageIdentity;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is written is judged by qemu-img. */
class SequentialWriterTests {

    private static final ImageIdentity IDENTITY = new ImageIdentity(new UUID(1, 2), "debian-12");
    private static final long NO_LIMIT = Long.MAX_VALUE;

    @TempDir
    private Path directory;

    static IntStream clusterBits() {
        return IntStream.rangeClosed(9, 21);
    }

    @ParameterizedTest
    @MethodSource("clusterBits")
    void writesWhatQemuReadsBack(int clusterBits) throws Exception {
        for (long seed = 1; seed <= 3; seed++) {
            Random random = new Random(seed * 100 + clusterBits);
            byte[] disk = new byte[random.nextInt(6 << 20)];
            Path image = directory.resolve("disk-" + seed + ".qcow2");
            SequentialWriter.Written written;
            try (PosixFile file = PosixFile.create(image, 0600)) {
                SequentialWriter writer = new SequentialWriter(file, clusterBits, IDENTITY, NO_LIMIT);
                fill(writer, disk, random, 3 << clusterBits);
                written = writer.finish();
                assertThat(file.size()).isEqualTo(written.fileSize());
            }
            assertSound(image, disk, written.virtualSize());
            assertThat(QemuImg.run("info", image.toString())).contains("cluster_size: " + (1 << clusterBits));
        }
    }

    /** Streams a disk in pieces, some of them announced as zeros and some zeros unannounced. */
    private static void fill(SequentialWriter writer, byte[] disk, Random random, int longest) throws IOException {
        for (int at = 0; at < disk.length; ) {
            int length = Math.min(disk.length - at, 1 + random.nextInt(random.nextInt(5) == 0 ? longest : 70_000));
            switch (random.nextInt(4)) {
                case 0 -> writer.zeros(length);
                case 1 -> writer.write(ByteBuffer.allocate(length));
                default -> {
                    byte[] piece = new byte[length];
                    random.nextBytes(piece);
                    System.arraycopy(piece, 0, disk, at, length);
                    ByteBuffer source = ByteBuffer.allocateDirect(length + 1).put(1, piece);
                    writer.write(source.position(1));
                    assertThat(source.hasRemaining()).isFalse();
                }
            }
            at += length;
        }
    }

    private void assertSound(Path image, byte[] disk, long virtualSize) throws IOException {
        assertThat(virtualSize).isEqualTo((disk.length + 511L) / 512 * 512);
        assertThat(QemuImg.run("check", "-f", "qcow2", image.toString())).contains("No errors were found");
        byte[] expected = Arrays.copyOf(disk, (int) virtualSize);
        assertThat(Arrays.equals(QemuImg.content(image, "qcow2"), expected)).isTrue();
        try (DiskImage read =
                ImageChain.open(PosixFile.openForReading(image), ImageFormat.QCOW2, BackingResolver.NONE)) {
            ByteBuffer content = ByteBuffer.allocate((int) read.virtualSize());
            read.read(0, content);
            assertThat(Arrays.equals(content.array(), expected)).isTrue();
            assertThat(((Qcow2Image) read).header().identity()).isEqualTo(IDENTITY);
        }
    }

    @Test
    void takesADiskOfNoLength() throws Exception {
        Path image = directory.resolve("empty.qcow2");
        try (PosixFile file = PosixFile.create(image, 0600)) {
            new SequentialWriter(file, 16, IDENTITY, NO_LIMIT).finish();
        }
        assertSound(image, new byte[0], 0);
    }

    @Test
    void leavesOutClustersOfZerosHoweverTheyCome() throws Exception {
        Path image = directory.resolve("zeros.qcow2");
        try (PosixFile file = PosixFile.create(image, 0600)) {
            SequentialWriter writer = new SequentialWriter(file, 16, IDENTITY, NO_LIMIT);
            writer.write(ByteBuffer.allocate(5 << 20));
            writer.zeros(3 << 20);
            writer.write(ByteBuffer.allocate(100_000));
            writer.zeros(100);
            SequentialWriter.Written written = writer.finish();
            assertThat(written.fileSize()).isEqualTo(4 * 65536);
        }
        assertSound(image, new byte[(8 << 20) + 100_100], (8 << 20) + 100_352);
        assertThat(QemuImg.map(image, "qcow2")).noneMatch(QemuImg.MapEntry::data);
    }

    @Test
    void writesTerabytesOfZerosAndAByteAtTheEnd() throws Exception {
        Path image = directory.resolve("large.qcow2");
        long size = 64L << 40;
        try (PosixFile file = PosixFile.create(image, 0600)) {
            SequentialWriter writer = new SequentialWriter(file, 16, IDENTITY, NO_LIMIT);
            writer.write(ByteBuffer.wrap(new byte[] {7}));
            writer.zeros(size - 2);
            writer.write(ByteBuffer.wrap(new byte[] {9}));
            assertThat(writer.finish().virtualSize()).isEqualTo(size);
        }
        assertThat(QemuImg.run("check", "-f", "qcow2", image.toString())).contains("No errors were found");
        List<QemuImg.MapEntry> map = QemuImg.map(image, "qcow2");
        assertThat(map.stream().filter(QemuImg.MapEntry::data).map(QemuImg.MapEntry::start))
                .containsExactly(0L, size - 65536);
    }

    @Test
    void writesMoreClustersThanOneRefcountBlockCounts() throws Exception {
        Path image = directory.resolve("many.qcow2");
        byte[] disk = new byte[1_500_000];
        new Random(5).nextBytes(disk);
        try (PosixFile file = PosixFile.create(image, 0600)) {
            SequentialWriter writer = new SequentialWriter(file, 9, IDENTITY, NO_LIMIT);
            writer.write(ByteBuffer.wrap(disk));
            writer.finish();
        }
        assertSound(image, disk, 1_500_160);
    }

    @Test
    void refusesADiskPastItsLimit() throws Exception {
        try (PosixFile file = PosixFile.create(directory.resolve("limited.qcow2"), 0600)) {
            SequentialWriter writer = new SequentialWriter(file, 16, IDENTITY, 1000);
            writer.write(ByteBuffer.allocate(1000));
            ByteBuffer more = ByteBuffer.allocate(1);
            assertThatThrownBy(() -> writer.write(more))
                    .isInstanceOfSatisfying(
                            ImageTooLargeException.class,
                            e -> assertThat(e.limit()).isEqualTo(1000));
            assertThatThrownBy(() -> writer.zeros(Long.MAX_VALUE)).isInstanceOf(ImageTooLargeException.class);
        }
    }

    @Test
    void refusesADiskThatTheFormatCannotHold() throws Exception {
        try (PosixFile file = PosixFile.create(directory.resolve("small.qcow2"), 0600)) {
            SequentialWriter writer = new SequentialWriter(file, 9, IDENTITY, NO_LIMIT);
            assertThatThrownBy(() -> writer.zeros((128L << 30) + 1)).isInstanceOf(ImageTooLargeException.class);
        }
    }

    @Test
    void isNoImageUntilItIsFinished() throws Exception {
        Path image = directory.resolve("broken-off.qcow2");
        byte[] disk = new byte[3 << 20];
        new Random(6).nextBytes(disk);
        try (PosixFile file = PosixFile.create(image, 0600)) {
            new SequentialWriter(file, 16, IDENTITY, NO_LIMIT).write(ByteBuffer.wrap(disk));
        }
        assertThat(Files.size(image)).isPositive();
        assertThatThrownBy(() -> Qcow2HeaderReader.read(PosixFile.openForReading(image)))
                .hasMessageContaining("not a QCOW2 image");
    }
}
