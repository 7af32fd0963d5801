package io.cowshed.engine.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.ImageFormat;
import io.cowshed.engine.block.ReadOnlyFile;
import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.qcow2.format.ClusterGeometry;
import io.cowshed.engine.raw.RawImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** qemu-img measures the same. */
class MeasureTests {

    private static final Pattern FIGURES =
            Pattern.compile("required size: (\\d+)\\s+fully allocated size: (\\d+)", Pattern.DOTALL);

    @TempDir
    private Path directory;

    static Stream<SampleImage> images() {
        return DifferentialReadTests.images().filter(sample -> sample.seed() % 5 == 2);
    }

    @ParameterizedTest
    @MethodSource("images")
    void measuresChainsAsQemuDoes(SampleImage sample) throws IOException {
        Path top = sample.create(directory);
        try (DiskImage image =
                ImageChain.open(ReadOnlyFile.open(top), ImageFormat.QCOW2, new SiblingResolver(directory))) {
            for (int clusterBits = 9; clusterBits <= 21; clusterBits += 3) {
                assertSame(image, top, "qcow2", new ClusterGeometry(clusterBits, false, sample.seed() % 7));
            }
            assertSame(image, top, "qcow2", new ClusterGeometry(16, true, 4));
        }
    }

    @ParameterizedTest
    @CsvSource({"0,16", "512,16", "1049088,9", "1000000000000,16", "8796093022208,16", "8589935104,12", "5000000000,21"
    })
    void measuresEmptyDisksOfAllLengths(long length, int clusterBits) throws IOException {
        Path raw = directory.resolve("disk.raw");
        QemuImg.run("create", "-q", "-f", "raw", raw.toString(), Long.toString(length));
        try (DiskImage image = new RawImage(ReadOnlyFile.open(raw))) {
            assertSame(image, raw, "raw", new ClusterGeometry(clusterBits, false, 4));
        }
    }

    @Test
    void refusesADiskThatTheFormatCannotHold() throws IOException {
        Path path = directory.resolve("large.qcow2");
        QemuImg.run("create", "-q", "-f", "qcow2", path.toString(), "1T");
        try (DiskImage image =
                ImageChain.open(ReadOnlyFile.open(path), ImageFormat.QCOW2, new SiblingResolver(directory))) {
            assertThatThrownBy(() -> Measure.of(image, new ClusterGeometry(9, false, 4)))
                    .isInstanceOf(ImageTooLargeException.class);
        }
    }

    private static void assertSame(DiskImage image, Path path, String format, ClusterGeometry geometry)
            throws IOException {
        String options = "cluster_size=" + geometry.clusterSize() + ",refcount_bits=" + geometry.refcountBits()
                + ",extended_l2=" + (geometry.extendedL2() ? "on" : "off");
        Matcher figures =
                FIGURES.matcher(QemuImg.run("measure", "-O", "qcow2", "-o", options, "-f", format, path.toString()));
        assertThat(figures.find()).isTrue();
        assertThat(Measure.of(image, geometry))
                .as(options)
                .isEqualTo(new Measure(Long.parseLong(figures.group(1)), Long.parseLong(figures.group(2))));
    }
}
