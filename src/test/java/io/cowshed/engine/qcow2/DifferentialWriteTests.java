package io.cowshed.engine.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.Extent;
import io.cowshed.engine.block.Extents;
import io.cowshed.engine.block.ImageFormat;
import io.cowshed.engine.block.ReadOnlyFile;
import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.oracle.QemuImg.MapEntry;
import io.cowshed.engine.posix.PosixFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Images that QEMU made, with all it puts into them, are written in place and stay what QEMU takes them for. */
class DifferentialWriteTests {

    private static final int IMAGES = 18;
    private static final int ROUNDS = 2;
    private static final int CHANGES = 25;
    private static final int SECTOR = 512;

    static Stream<SampleImage> images() {
        return IntStream.range(0, IMAGES).mapToObj(DifferentialWriteTests::image);
    }

    /** Walks all values of each property at strides that do not divide each other, so that they meet in many ways. */
    private static SampleImage image(int index) {
        boolean extended = index % 5 == 4;
        boolean old = !extended && index % 7 == 3;
        int[] clusters = extended ? new int[] {16 << 10, 64 << 10, 2 << 20} : new int[] {512, 4096, 64 << 10, 2 << 20};
        int cluster = clusters[index / 2 % clusters.length];
        List<SampleImage.Below> belows = List.of(
                SampleImage.Below.QCOW2,
                SampleImage.Below.QCOW2_SHORTER,
                SampleImage.Below.QCOW2_LONGER,
                SampleImage.Below.RAW,
                SampleImage.Below.RAW_SHORTER,
                SampleImage.Below.THREE_DEEP_MIXED);
        SampleImage.Below below = index % 2 == 0 ? SampleImage.Below.NOTHING : belows.get(index / 2 % belows.size());
        List<String> options = new ArrayList<>(List.of("cluster_size=" + cluster));
        int refcountBits = 16;
        if (old) {
            options.add("compat=0.10");
        } else {
            refcountBits = 1 << (index % 13 % 7);
            options.add("compat=1.1,refcount_bits=" + refcountBits);
            options.add("extended_l2=" + (extended ? "on" : "off"));
            options.add("compression_type=" + (index % 3 == 0 ? "zstd" : "zlib"));
        }
        if (below == SampleImage.Below.NOTHING) {
            options.add("preallocation="
                    + List.of("off", "metadata", "falloc", "off").get(index / 2 % 4));
        }
        long size = cluster == 2 << 20 ? 5_242_880L + SECTOR : 1_200_000L + index * 1000L;
        size -= size % SECTOR;
        boolean snapshot = refcountBits >= 8 && index % 4 < 2;
        return new SampleImage(index, String.join(",", options), cluster, below, size, snapshot);
    }

    @ParameterizedTest
    @MethodSource("images")
    void writesWhatQemuReads(SampleImage sample, @TempDir Path directory) throws IOException {
        Path top = sample.create(directory);
        boolean hasSnapshot = QemuImg.run("snapshot", "-l", top.toString()).contains("halfway");
        byte[] halfway = hasSnapshot ? snapshotContent(top) : new byte[0];
        Random random = new Random(sample.seed());
        DiskModel model = new DiskModel(QemuImg.content(top, "qcow2"), sample.clusterSize(), random);
        for (int round = 0; round < ROUNDS; round++) {
            try (WritableQcow2Image image =
                    WritableQcow2Image.open(PosixFile.openForWriting(top), new SiblingResolver(directory))) {
                for (int i = 0; i < CHANGES; i++) {
                    model.change(image);
                }
                model.assertIsRead(image);
                if (!hasSnapshot) {
                    model.resize(image, (int) (sample.size() + (random.nextInt(2000) - 1000L) * SECTOR));
                    model.change(image);
                    model.change(image);
                    model.assertIsRead(image);
                }
            }
            assertThat(QemuImg.run("check", top.toString())).contains("No errors were found");
            model.assertIs(QemuImg.content(top, "qcow2"));
            try (ReadOnlyFile file = ReadOnlyFile.open(top)) {
                Qcow2Validation.validate(file);
            }
        }
        assertThat(map(top, directory)).isEqualTo(QemuImg.map(top, "qcow2"));
        if (hasSnapshot) {
            Path copy = Files.copy(top, directory.resolve("copy.qcow2"));
            QemuImg.run("snapshot", "-a", "halfway", copy.toString());
            assertThat(QemuImg.content(copy, "qcow2")).isEqualTo(halfway);
        }
    }

    private static byte[] snapshotContent(Path image) throws IOException {
        Path raw = image.resolveSibling("halfway.raw");
        QemuImg.run("convert", "-q", "-f", "qcow2", "-l", "halfway", "-O", "raw", image.toString(), raw.toString());
        return Files.readAllBytes(raw);
    }

    private static List<MapEntry> map(Path top, Path directory) throws IOException {
        List<MapEntry> entries = new ArrayList<>();
        try (DiskImage image =
                ImageChain.open(ReadOnlyFile.open(top), ImageFormat.QCOW2, new SiblingResolver(directory))) {
            Extents extents = Extents.of(image);
            for (Extent extent = extents.next(); extent != null; extent = extents.next()) {
                entries.add(new MapEntry(
                        extent.start(),
                        extent.length(),
                        extent.depth(),
                        extent.present(),
                        extent.zero(),
                        extent.data(),
                        extent.offset()));
            }
        }
        return entries;
    }
}
