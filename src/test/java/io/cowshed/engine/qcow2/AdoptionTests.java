package io.cowshed.engine.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.oracle.QemuIo;
import io.cowshed.engine.posix.PosixFile;
import io.cowshed.engine.qcow2.format.HeaderExtension;
import io.cowshed.engine.qcow2.format.ImageIdentity;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AdoptionTests {

    private static final ImageIdentity IDENTITY = new ImageIdentity(new UUID(5, 6), "an imported disk");

    @TempDir
    private Path directory;

    static Stream<String> options() {
        return IntStream.rangeClosed(9, 21)
                .boxed()
                .flatMap(bits -> Stream.of("compat=0.10", "compat=1.1")
                        .map(version -> version + ",cluster_size=" + (1 << bits)));
    }

    @ParameterizedTest
    @MethodSource("options")
    void anAdoptedImageIsAsItWas(String options) throws Exception {
        Path image = directory.resolve("image.qcow2");
        QemuImg.run("create", "-q", "-f", "qcow2", "-o", options, image.toString(), "3M");
        QemuIo.run(image, "qcow2", List.of("write -P 7 12345 1000000"));
        Path before = directory.resolve("before.qcow2");
        Files.copy(image, before, StandardCopyOption.REPLACE_EXISTING);
        adopt(image, IDENTITY);
        assertThat(header(image).identity()).isEqualTo(IDENTITY);
        assertThat(Files.size(image)).isEqualTo(Files.size(before));
        QemuImg.run("compare", "-f", "qcow2", "-F", "qcow2", before.toString(), image.toString());
        assertThat(QemuImg.run("check", "-f", "qcow2", image.toString())).contains("No errors were found");
        assertThat(QemuImg.run("info", "-f", "qcow2", image.toString()))
                .contains(options.startsWith("compat=0.10") ? "compat: 0.10" : "compat: 1.1");
        QemuIo.run(image, "qcow2", List.of("write -P 8 0 5000", "read -P 8 0 5000", "read -P 7 12345 1000000"));
        assertThat(QemuImg.run("check", "-f", "qcow2", image.toString())).contains("No errors were found");
        assertThat(header(image).identity()).isEqualTo(IDENTITY);
    }

    @Test
    void theBackingFileStays() throws Exception {
        Path base = directory.resolve("base.qcow2");
        QemuImg.run("create", "-q", "-f", "qcow2", base.toString(), "1M");
        Path image = directory.resolve("image.qcow2");
        QemuImg.run("create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", "base.qcow2", image.toString());
        adopt(image, IDENTITY);
        assertThat(header(image).backingName()).isEqualTo("base.qcow2");
        assertThat(header(image).backingFormat()).isEqualTo("qcow2");
        QemuImg.run("rebase", "-u", "-f", "qcow2", "-b", "", image.toString());
        assertThat(header(image).identity()).isEqualTo(IDENTITY);
    }

    @Test
    void anotherIdentityTakesThePlaceOfTheFirst() throws Exception {
        Path image = directory.resolve("image.qcow2");
        QemuImg.run("create", "-q", "-f", "qcow2", image.toString(), "1M");
        ImageIdentity second = new ImageIdentity(new UUID(7, 8), "b");
        adopt(image, IDENTITY);
        adopt(image, second);
        assertThat(header(image).identity()).isEqualTo(second);
        assertThat(header(image).extensions())
                .filteredOn(extension -> extension.type() == ImageIdentity.EXTENSION_TYPE)
                .hasSize(1);
    }

    @Test
    void unknownExtensionsStayAndTheFeatureNamesGiveWay() throws Exception {
        Path image = imageWithUnknownExtension(7656, true);
        assertThat(header(image).extensions()).anyMatch(HeaderExtension.FeatureNames.class::isInstance);
        HeaderExtension unknown = unknown(header(image));
        adopt(image, IDENTITY);
        assertThat(unknown(header(image))).isEqualTo(unknown);
        assertThat(header(image).extensions()).noneMatch(HeaderExtension.FeatureNames.class::isInstance);
        assertThat(QemuImg.run("check", "-f", "qcow2", image.toString())).contains("No errors were found");
    }

    @Test
    void refusesWhereThereIsNoRoomAndWritesNothing() throws Exception {
        Path image = imageWithUnknownExtension(8000, false);
        byte[] before = Files.readAllBytes(image);
        ImageIdentity longName = new ImageIdentity(new UUID(5, 6), "x".repeat(255));
        assertThatThrownBy(() -> adopt(image, longName)).isInstanceOf(NoRoomForIdentityException.class);
        assertThat(Files.readAllBytes(image)).isEqualTo(before);
    }

    /** With clusters of 8 KiB; the feature names that QEMU writes take 392 bytes. */
    private Path imageWithUnknownExtension(int length, boolean withFeatureNames) throws IOException {
        Path image = directory.resolve("unknown.qcow2");
        QemuImg.run("create", "-q", "-f", "qcow2", "-o", "cluster_size=8192", image.toString(), "1M");
        Qcow2Header header = header(image);
        List<HeaderExtension> extensions = Stream.concat(
                        header.extensions().stream()
                                .filter(extension ->
                                        withFeatureNames || !(extension instanceof HeaderExtension.FeatureNames)),
                        Stream.of(new HeaderExtension.Unknown(
                                0x12345678, ByteBuffer.allocate(length).put(3, (byte) 9))))
                .toList();
        Qcow2Header changed = header.withExtensions(extensions);
        try (PosixFile file = PosixFile.openForWriting(image)) {
            file.write(0, changed.encode());
        }
        return image;
    }

    private static HeaderExtension unknown(Qcow2Header header) {
        return header.extensions().stream()
                .filter(extension -> extension.type() == 0x12345678)
                .findFirst()
                .orElseThrow();
    }

    private static void adopt(Path image, ImageIdentity identity) throws IOException {
        try (PosixFile file = PosixFile.openForWriting(image)) {
            Adoption.adopt(file, identity);
        }
    }

    private static Qcow2Header header(Path image) throws IOException {
        try (PosixFile file = PosixFile.openForReading(image)) {
            return Qcow2HeaderReader.read(file);
        }
    }
}
