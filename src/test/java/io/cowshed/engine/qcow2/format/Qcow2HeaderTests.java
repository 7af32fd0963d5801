package io.cowshed.engine.qcow2.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.engine.oracle.QemuImg;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Qcow2HeaderTests {

    private static final ImageIdentity IDENTITY =
            new ImageIdentity(UUID.fromString("0192f3c1-7b7e-7c31-9d6c-1f2e3d4c5b6a"), "débian-12");

    @TempDir
    Path directory;

    private byte[] create(String options, String... more) throws IOException {
        Path path = directory.resolve("image.qcow2");
        List<String> arguments = new ArrayList<>(List.of("create", "-q", "-f", "qcow2", "-o", options));
        arguments.addAll(List.of(more));
        arguments.addAll(List.of(path.toString(), "10M"));
        QemuImg.run(arguments.toArray(String[]::new));
        return Files.readAllBytes(path);
    }

    private static Qcow2Header parse(byte[] image) throws IOException {
        return Qcow2Header.parse("image", ByteBuffer.wrap(image));
    }

    private static Qcow2Header with(Qcow2Header header, String backingName, List<HeaderExtension> extensions) {
        return new Qcow2Header(
                header.version(),
                header.geometry(),
                header.virtualSize(),
                header.l1TableOffset(),
                header.l1Entries(),
                header.refcountTableOffset(),
                header.refcountTableClusters(),
                header.snapshotCount(),
                header.snapshotTableOffset(),
                header.features(),
                header.compression(),
                header.additionalFields(),
                backingName,
                extensions);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "compat=0.10",
                "compat=1.1",
                "compat=1.1,lazy_refcounts=on,refcount_bits=1",
                "compression_type=zstd",
                "extended_l2=on,cluster_size=2M,refcount_bits=64",
                "cluster_size=512"
            })
    void encodesTheBytesThatQemuWrote(String options) throws IOException {
        byte[] image = create(options, "-u", "-b", "base.raw", "-F", "raw");
        Qcow2Header header = parse(image);
        ByteBuffer encoded = header.encode();
        assertThat(encoded).isEqualTo(ByteBuffer.wrap(image, 0, encoded.remaining()));
        assertThat(header.backingName()).isEqualTo("base.raw");
        assertThat(header.backingFormat()).isEqualTo("raw");
        assertThat(header.virtualSize()).isEqualTo(10 << 20);
    }

    @Test
    void parsesWhatItEncoded() throws IOException {
        Qcow2Header header = parse(create("compat=1.1"));
        Qcow2Header changed = with(
                header,
                "bäse.qcow2",
                List.of(
                        new HeaderExtension.BackingFormat("qcow2"),
                        new HeaderExtension.Unknown(0x11223344, ByteBuffer.wrap(new byte[] {1, 2, 3})),
                        new HeaderExtension.FeatureNames(FeatureName.STANDARD),
                        new HeaderExtension.Identity(IDENTITY),
                        new HeaderExtension.Bitmaps(1, 24, 1 << 20)));
        Qcow2Header parsed = Qcow2Header.parse("image", changed.encode());
        assertThat(parsed).isEqualTo(changed);
        assertThat(parsed.identity()).isEqualTo(IDENTITY);
        assertThat(parsed.bitmaps()).isEqualTo(new HeaderExtension.Bitmaps(1, 24, 1 << 20));
    }

    @Test
    void qemuReadsItAndKeepsTheIdentityThroughARebase() throws IOException {
        byte[] image = create("compat=1.1");
        Qcow2Header header = with(
                parse(image),
                "base.raw",
                List.of(new HeaderExtension.BackingFormat("raw"), new HeaderExtension.Identity(IDENTITY)));
        ByteBuffer encoded = header.encode();
        byte[] changed = image.clone();
        Arrays.fill(changed, 0, header.geometry().clusterSize(), (byte) 0);
        encoded.get(changed, 0, encoded.remaining());
        Path path = directory.resolve("changed.qcow2");
        Files.write(path, changed);
        assertThat(QemuImg.run("info", "-U", path.toString())).contains("backing file: base.raw", "format: raw");
        QemuImg.run("rebase", "-u", "-b", "other.qcow2", "-F", "qcow2", path.toString());
        Qcow2Header rebased = parse(Files.readAllBytes(path));
        assertThat(rebased.backingName()).isEqualTo("other.qcow2");
        assertThat(rebased.backingFormat()).isEqualTo("qcow2");
        assertThat(rebased.identity()).isEqualTo(IDENTITY);
    }

    @Test
    void unknownBitsThatMayBeIgnoredAreKept() throws IOException {
        byte[] image = create("compat=1.1");
        ByteBuffer.wrap(image).putLong(80, 1L << 50 | 1).putLong(88, 1L << 33);
        Features features = parse(image).features();
        assertThat(features.compatible()).isEqualTo(1L << 50 | 1);
        assertThat(features.autoclear()).isEqualTo(1L << 33);
        assertThat(Qcow2Header.parse("image", parse(image).encode()).features()).isEqualTo(features);
    }

    @Test
    void additionalFieldsAreKept() throws IOException {
        byte[] image = new byte[4096];
        ByteBuffer bytes = ByteBuffer.wrap(image).put(create("cluster_size=4k"), 0, 112);
        bytes.putInt(100, 128).putLong(112, 0x0102030405060708L).putLong(120, 9);
        Qcow2Header header = parse(image);
        assertThat(header.additionalFields().getLong(0)).isEqualTo(0x0102030405060708L);
        assertThat(Qcow2Header.parse("image", header.encode())).isEqualTo(header);
    }

    @Test
    void anIdentityThatIsNotOneIsNoIdentityButKept() throws IOException {
        Qcow2Header header = parse(create("compat=1.1"));
        byte[] notText = new byte[20];
        Arrays.fill(notText, (byte) 0xff);
        byte[] withNul = Arrays.copyOf("0123456789abcdefna_me".getBytes(StandardCharsets.UTF_8), 21);
        withNul[18] = 0;
        for (byte[] content : List.of(new byte[0], new byte[15], new byte[16], notText, withNul, new byte[16 + 256])) {
            HeaderExtension strange =
                    new HeaderExtension.Unknown(ImageIdentity.EXTENSION_TYPE, ByteBuffer.wrap(content));
            Qcow2Header parsed = Qcow2Header.parse(
                    "image", with(header, "base", List.of(strange)).encode());
            assertThat(parsed.identity()).isNull();
            assertThat(parsed.extensions()).containsExactly(strange);
        }
    }

    @Test
    void anIdentitysNameHasItsLimits() {
        UUID id = IDENTITY.id();
        assertThat(new ImageIdentity(id, "x".repeat(255)).name()).hasSize(255);
        for (String name : List.of("", "x".repeat(256), "é".repeat(128), "\ud800")) {
            assertThatThrownBy(() -> new ImageIdentity(id, name)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void refusesToEncodeWhatDoesNotFitInACluster() throws IOException {
        Qcow2Header header = parse(create("cluster_size=512"));
        Qcow2Header tooLong = with(header, "x".repeat(400), List.of());
        assertThatThrownBy(tooLong::encode).isInstanceOf(IllegalArgumentException.class);
    }
}
