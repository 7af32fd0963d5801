package io.cowshed.engine.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.ImageFormat;
import io.cowshed.engine.block.MemoryFile;
import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.oracle.QemuIo;
import io.cowshed.engine.posix.PosixFile;
import io.cowshed.engine.raw.RawImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DiskCopyTests {

    @TempDir
    private Path directory;

    static Stream<SampleImage> images() {
        return DifferentialReadTests.images().filter(sample -> sample.seed() % 6 == 3);
    }

    @ParameterizedTest
    @MethodSource("images")
    void copiesChainsOfAllKinds(SampleImage sample) throws Exception {
        Path top = sample.create(directory);
        byte[] disk = QemuImg.content(top, "qcow2");
        int clusterBits = 9 + sample.seed() % 13;
        Path raw = directory.resolve("copy.raw");
        Path qcow2 = directory.resolve("copy.qcow2");
        ByteArrayOutputStream streamed = new ByteArrayOutputStream();
        try (DiskImage image = open(top);
                PosixFile rawFile = PosixFile.create(raw, 0600);
                PosixFile qcow2File = PosixFile.create(qcow2, 0600)) {
            DiskCopy.toRaw(image, rawFile, _ -> {});
            long length = DiskCopy.toQcow2(image, qcow2File, clusterBits, null, _ -> {});
            assertThat(qcow2File.size()).isEqualTo(length);
            StreamedImage.flat(image, clusterBits, null).writeTo(streamed, 0, length);
        }
        assertThat(Arrays.mismatch(Files.readAllBytes(raw), disk)).isEqualTo(-1);
        assertThat(Arrays.mismatch(Files.readAllBytes(qcow2), streamed.toByteArray()))
                .isEqualTo(-1);
        assertThat(QemuImg.run("check", "-f", "qcow2", qcow2.toString())).contains("No errors were found");
    }

    @Test
    void leavesHolesWhereNothingIsAndTellsHowFarItIs() throws Exception {
        Path top = directory.resolve("sparse.qcow2");
        QemuImg.run("create", "-q", "-f", "qcow2", top.toString(), "1T");
        QemuIo.run(top, "qcow2", List.of("write -q -P 5 512G 5M", "write -q -z 1M 100M"));
        AtomicLong done = new AtomicLong();
        try (DiskImage image = open(top);
                PosixFile raw = PosixFile.create(directory.resolve("copy.raw"), 0600)) {
            DiskCopy.toRaw(image, raw, done::addAndGet);
            assertThat(raw.size()).isEqualTo(1L << 40);
            assertThat(raw.allocatedSize()).isBetween(5L << 20, 6L << 20);
        }
        assertThat(done).hasValue(5 << 20);
        assertThat(QemuImg.run(
                        "compare",
                        "-F",
                        "raw",
                        top.toString(),
                        directory.resolve("copy.raw").toString()))
                .contains("identical");
    }

    @Test
    void endsWhenItIsInterruptedAndLeavesNoImage() throws Exception {
        byte[] disk = new byte[64 << 20];
        Arrays.fill(disk, (byte) 7);
        DiskImage image = new RawImage(new MemoryFile("raw", disk));
        try (PosixFile file = PosixFile.create(directory.resolve("copy.qcow2"), 0600)) {
            assertThatThrownBy(() -> DiskCopy.toQcow2(
                            image, file, 16, null, _ -> Thread.currentThread().interrupt()))
                    .isInstanceOf(InterruptedException.class);
            assertThatThrownBy(() -> Qcow2HeaderReader.read(file)).hasMessageContaining("QCOW2");
        }
    }

    @Test
    void failsAsTheSourceFails() throws Exception {
        MemoryFile shrunken = new MemoryFile("raw", new byte[8 << 20]);
        DiskImage image = new RawImage(shrunken);
        shrunken.setSize(1 << 20);
        try (PosixFile file = PosixFile.create(directory.resolve("copy.raw"), 0600)) {
            assertThatThrownBy(() -> DiskCopy.toRaw(image, file, _ -> {}))
                    .hasMessageContaining("shorter than the disk");
        }
    }

    private DiskImage open(Path path) throws IOException {
        return ImageChain.open(PosixFile.openForReading(path), ImageFormat.QCOW2, new SiblingResolver(directory));
    }
}
