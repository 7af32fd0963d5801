package io.cowshed.engine.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.block.BackingResolver;
import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.Extent;
import io.cowshed.engine.block.Extents;
import io.cowshed.engine.block.ImageFormat;
import io.cowshed.engine.block.MemoryFile;
import io.cowshed.engine.block.ReadOnlyFile;
import io.cowshed.engine.oracle.OracleProcess;
import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.oracle.QemuIo;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Disks of terabytes, in files of kilobytes. */
class SparseDiskTests {

    /** Of the processor: how busy the machine is otherwise does not count. */
    private static final Duration PROMPT = Duration.ofSeconds(1);

    @ParameterizedTest
    @CsvSource({"2T,4k", "2T,64k", "64T,64k", "1024T,64k", "512T,2M"})
    void mapsAndValidatesPromptly(String size, String clusterSize, @TempDir Path directory) throws IOException {
        Path path = directory.resolve("sparse.qcow2");
        QemuImg.run("create", "-q", "-f", "qcow2", "-o", "cluster_size=" + clusterSize, path.toString(), size);
        long middle;
        try (DiskImage image = open(path)) {
            middle = image.virtualSize() / 3 / 4096 * 4096;
            QemuIo.run(
                    path,
                    "qcow2",
                    List.of(
                            "write -q -P 5 " + middle + " 4k",
                            "write -q -P 6 " + (image.virtualSize() - 512) + " 512"));
        }
        long start = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
        List<Extent> data = new ArrayList<>();
        try (DiskImage image = open(path)) {
            Extents extents = Extents.of(image);
            for (Extent extent = extents.next(); extent != null; extent = extents.next()) {
                if (extent.data()) {
                    data.add(extent);
                }
            }
            assertThat(readByte(image, middle)).isEqualTo((byte) 5);
            assertThat(readByte(image, middle - (8 << 20))).isZero();
            assertThat(readByte(image, image.virtualSize() - 1)).isEqualTo((byte) 6);
            assertThat(data.getFirst().start()).isLessThanOrEqualTo(middle);
            assertThat(data.getLast().end()).isEqualTo(image.virtualSize());
        }
        try (BlockFile file = ReadOnlyFile.open(path)) {
            assertThat(Qcow2Validation.validate(file).virtualSize())
                    .isEqualTo(data.getLast().end());
        }
        assertThat(Duration.ofNanos(ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - start))
                .isLessThan(PROMPT);
    }

    /** The tables map all of it; the file takes 13 MiB. */
    @Test
    void checksAHundredGibibytesIn64MebibytesOfHeap(@TempDir Path directory) {
        Path path = directory.resolve("mapped.qcow2");
        QemuImg.run("create", "-q", "-f", "qcow2", "-o", "preallocation=metadata", path.toString(), "100G");
        String java = ProcessHandle.current().info().command().orElseThrow();
        assertThat(OracleProcess.run(List.of(
                        java,
                        "-Xmx64m",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        CheckProcess.class.getName(),
                        path.toString())))
                .isEqualToIgnoringNewLines("0 errors, 0 leaks, 1638400 clusters");
    }

    /** The boundaries are those of L2 tables, of pages of them, and of pages of L1 tables. */
    @ParameterizedTest
    @ValueSource(
            strings = {"cluster_size=64k", "cluster_size=64k,extended_l2=on", "cluster_size=4k", "cluster_size=2M"})
    void mapsAsQemuDoesAcrossTheBoundariesOfTables(String options, @TempDir Path directory) throws IOException {
        Path path = directory.resolve("sparse.qcow2");
        QemuImg.run("create", "-q", "-f", "qcow2", "-o", options, path.toString(), "2T");
        long mebi = 1 << 20;
        List<Long> boundaries = List.of(
                mebi, 2 * mebi, 64 * mebi, 128 * mebi, 256 * mebi, 512 * mebi, 1024 * mebi, 4096 * mebi, mebi * mebi);
        List<String> writes = new ArrayList<>();
        for (long boundary : boundaries) {
            writes.add("write -q -P 5 " + (boundary - 70_000) + " 140000");
        }
        writes.add("write -q -z " + 511 * mebi + " 2M");
        QemuIo.run(path, "qcow2", writes);
        List<QemuImg.MapEntry> entries = new ArrayList<>();
        try (DiskImage image = open(path)) {
            Extents extents = Extents.of(image);
            for (Extent extent = extents.next(); extent != null; extent = extents.next()) {
                entries.add(new QemuImg.MapEntry(
                        extent.start(),
                        extent.length(),
                        extent.depth(),
                        extent.present(),
                        extent.zero(),
                        extent.data(),
                        extent.offset()));
            }
            for (long boundary : boundaries) {
                byte[] read = new byte[200_000];
                image.read(boundary - 100_000, ByteBuffer.wrap(read));
                byte[] expected = new byte[read.length];
                if (boundary != 512 * mebi) {
                    Arrays.fill(expected, 30_000, 170_000, (byte) 5);
                }
                assertThat(read).isEqualTo(expected);
            }
        }
        assertThat(entries).isEqualTo(QemuImg.map(path, "qcow2"));
    }

    @Test
    void openingReadsNothingButTheHeader(@TempDir Path directory) throws IOException {
        Path path = directory.resolve("sparse.qcow2");
        QemuImg.run("create", "-q", "-f", "qcow2", path.toString(), "16T");
        MemoryFile file = new MemoryFile("sparse", Files.readAllBytes(path));
        try (DiskImage image = ImageChain.open(file, ImageFormat.QCOW2, BackingResolver.NONE)) {
            assertThat(file.bytesRead()).isLessThanOrEqualTo((64 << 10) + 72);
            assertThat(readByte(image, image.virtualSize() / 2)).isZero();
            assertThat(file.bytesRead()).isLessThanOrEqualTo((80 << 10) + 72);
        }
    }

    private static DiskImage open(Path path) throws IOException {
        return ImageChain.open(ReadOnlyFile.open(path), ImageFormat.QCOW2, BackingResolver.NONE);
    }

    private static byte readByte(DiskImage image, long offset) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(1);
        image.read(offset, target);
        return target.get(0);
    }
}
