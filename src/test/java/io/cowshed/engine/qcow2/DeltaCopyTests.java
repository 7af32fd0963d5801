package io.cowshed.engine.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.engine.block.BackingResolver;
import io.cowshed.engine.block.ContentDigest;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.ImageFormat;
import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.oracle.QemuIo;
import io.cowshed.engine.posix.PosixFile;
import io.cowshed.engine.qcow2.DeltaCopy.Options;
import io.cowshed.engine.qcow2.DeltaCopy.Outcome;
import io.cowshed.engine.qcow2.format.CompressionType;
import io.cowshed.engine.qcow2.format.ImageIdentity;
import io.cowshed.testing.MountedVolume;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is written over another image is judged by qemu-img. */
class DeltaCopyTests {

    private static final ImageIdentity IDENTITY = new ImageIdentity(new UUID(1, 2), "debian-12");

    @TempDir
    private Path directory;

    static Stream<SampleImage> images() {
        return DifferentialReadTests.images().filter(sample -> sample.seed() % 8 == 5);
    }

    @ParameterizedTest
    @MethodSource("images")
    void showsTheSameOverAnyImage(SampleImage sample) throws Exception {
        Path top = sample.create(directory);
        Random random = new Random(sample.seed());
        List<@Nullable String> backings = new ArrayList<>(chainBelow(top));
        backings.add(null);
        backings.add(unrelated(sample, random));
        backings.add("top.qcow2");
        for (String backing : backings) {
            boolean thorough = random.nextBoolean();
            CompressionType compression = switch (random.nextInt(4)) {
                case 0 -> CompressionType.ZLIB;
                case 1 -> CompressionType.ZSTD;
                default -> null;
            };
            Options options = new Options(
                    9 + random.nextInt(13),
                    IDENTITY,
                    backing == null ? null : link(backing),
                    compression,
                    thorough,
                    null);
            assertShowsTheSame(top, backing, options);
        }
    }

    private void assertShowsTheSame(Path top, @Nullable String backing, Options options) throws Exception {
        Path copy = directory.resolve("copy.qcow2");
        Files.deleteIfExists(copy);
        AtomicLong done = new AtomicLong();
        String digest;
        try (DiskImage source = open(top);
                PosixFile file = PosixFile.create(copy, 0600)) {
            DiskImage below = backing == null ? null : open(directory.resolve(backing));
            try (below) {
                long work = DeltaCopy.work(source, below, options);
                Outcome outcome = DeltaCopy.write(source, below, file, options, done::addAndGet);
                assertThat(done).as(options::toString).hasValue(work);
                assertThat(file.size()).isEqualTo(outcome.fileSize());
            }
            digest = ContentDigest.of(source);
        }
        assertThat(QemuImg.run("check", "-f", "qcow2", copy.toString())).contains("No errors were found");
        assertThat(QemuImg.run("compare", "-f", "qcow2", "-F", "qcow2", top.toString(), copy.toString()))
                .as(options::toString)
                .contains("identical");
        String info = QemuImg.run("info", "-f", "qcow2", copy.toString());
        if (backing == null) {
            assertThat(info).doesNotContain("backing file");
        } else {
            assertThat(info)
                    .contains("backing file: " + backing)
                    .contains("backing file format: " + (backing.endsWith("raw") ? "raw" : "qcow2"));
        }
        try (DiskImage image = open(copy)) {
            assertThat(ContentDigest.of(image)).isEqualTo(digest);
            assertThat(((Qcow2Image) image).header().identity()).isEqualTo(IDENTITY);
        }
    }

    /** The names of the files that an image lies on, the next one first. */
    private List<String> chainBelow(Path top) throws IOException {
        List<String> names = new ArrayList<>();
        Path image = top;
        while (image.toString().endsWith("qcow2")) {
            try (PosixFile file = PosixFile.openForReading(image)) {
                String name = Qcow2HeaderReader.read(file).backingName();
                if (name == null) {
                    break;
                }
                names.add(name);
                image = directory.resolve(name);
            }
        }
        return names;
    }

    /** An image that shares some content with the sample by chance, at most as long again. */
    private String unrelated(SampleImage sample, Random random) throws IOException {
        Path image = directory.resolve("unrelated.qcow2");
        long size = (sample.size() / 2 + random.nextLong(sample.size())) / 512 * 512;
        QemuImg.run("create", "-q", "-f", "qcow2", "-o", "cluster_size=16k", image.toString(), Long.toString(size));
        new GuestWrites(random, directory.resolve("noise")).apply(image, size, 16 << 10);
        return "unrelated.qcow2";
    }

    @Test
    void thoroughlyLeavesOutWhatIsZerosOrEqual() throws Exception {
        Path top = overlay(
                "4M",
                List.of("write -q -P 7 0 4M"),
                "4M",
                List.of(
                        "write -q -P 0 0 512k",
                        "write -q -P 7 1M 256k",
                        "write -q -P 8 2M 128k",
                        "write -q -z 3M 128k"));
        Outcome kept = copy(top, "base.qcow2", false);
        assertThat(kept).isEqualTo(new Outcome(kept.fileSize(), 0, 0, 0));
        assertThat(ownData()).isEqualTo((512 + 256 + 128) << 10);
        Outcome thorough = copy(top, "base.qcow2", true);
        assertThat(thorough).isEqualTo(new Outcome(thorough.fileSize(), 512 << 10, 256 << 10, 0));
        assertThat(ownData()).isEqualTo(128 << 10);
        assertThat(kept.fileSize() - thorough.fileSize()).isEqualTo((512 + 256) << 10);
    }

    @Test
    void withoutABackingImageZerosTakeNoPlaceAtAll() throws Exception {
        Path top = overlay("4M", List.of("write -q -P 7 1M 64k"), "4M", List.of("write -q -z 1M 64k"));
        Outcome flat = copy(top, null, false);
        // Header, refcounts and their table, L1 table.
        assertThat(flat).isEqualTo(new Outcome(4 << 16, 0, 0, 0));
    }

    @Test
    void zerosOverSomethingAreSaidToBeZeros() throws Exception {
        Path top =
                overlay("4M", List.of("write -q -P 7 0 4M"), "4M", List.of("write -q -z 1M 64k", "discard -q 2M 64k"));
        copy(top, "base.qcow2", false);
        assertThat(QemuImg.map(directory.resolve("copy.qcow2"), "qcow2"))
                .filteredOn(entry -> entry.depth() == 0)
                .allMatch(entry -> entry.zero() && !entry.data())
                .hasSize(2);
    }

    @Test
    void whatIsInOneFileIsLeftOutUnread() throws Exception {
        Path top = overlay("1G", List.of("write -q -P 7 0 100M"), "1G", List.of("write -q -P 8 50M 1M"));
        Options options = new Options(16, IDENTITY, link("base.qcow2"), null, false, null);
        try (DiskImage source = open(top);
                DiskImage below = open(directory.resolve("base.qcow2"))) {
            assertThat(DeltaCopy.work(source, below, options)).isEqualTo(1 << 20);
        }
        assertThat(copy(top, "base.qcow2", false).fileSize()).isEqualTo((1 << 20) + 5 * 65536);
    }

    @Test
    void anImageOverItselfIsEmpty() throws Exception {
        Path top = overlay("8M", List.of("write -q -P 7 0 4M"), "8M", List.of("write -q -P 8 1M 4M"));
        assertThat(copy(top, "top.qcow2", false)).isEqualTo(new Outcome(4 << 16, 0, 4 << 20, 0));
    }

    @Test
    void tellsThatItIsAliveWhileItSkipsWhatIsEmpty() throws Exception {
        Path top = overlay("8T", List.of(), "8T", List.of("write -q -P 8 4T 64k"));
        AtomicInteger told = new AtomicInteger();
        AtomicLong done = new AtomicLong();
        Options options = new Options(16, IDENTITY, link("base.qcow2"), null, true, null);
        try (DiskImage source = open(top);
                DiskImage below = open(directory.resolve("base.qcow2"));
                PosixFile file = PosixFile.create(directory.resolve("copy.qcow2"), 0600)) {
            DeltaCopy.write(source, below, file, options, bytes -> {
                told.incrementAndGet();
                done.addAndGet(bytes);
            });
        }
        assertThat(done).hasValue(65536);
        assertThat(told).hasValueGreaterThanOrEqualTo((8 << 20) / 64);
        QemuImg.run("compare", top.toString(), directory.resolve("copy.qcow2").toString());
    }

    /** Where the file system can, a delta takes no more space than what changes. */
    @Test
    void sharesItsStorageWithTheSource() throws Exception {
        Path image = directory.resolve("xfs");
        try (MountedVolume _ = MountedVolume.xfs(image, 320 << 20, directory.resolve("volume"))) {
            Path top = directory.resolve("volume/top.qcow2");
            QemuImg.run("create", "-q", "-f", "qcow2", top.toString(), "64M");
            QemuIo.run(top, "qcow2", List.of("write -q -P 7 5M 20M", "write -q -P 0 30M 1M"));
            for (boolean thorough : new boolean[] {false, true}) {
                Path copy = directory.resolve("volume/copy" + thorough);
                try (DiskImage source = open(top);
                        PosixFile file = PosixFile.create(copy, 0600)) {
                    DeltaCopy.write(source, null, file, new Options(16, IDENTITY, null, null, thorough, null), _ -> {});
                    assertThat(file.sharedSize()).hasValue((thorough ? 20 : 21) << 20);
                }
                QemuImg.run("compare", "-f", "qcow2", "-F", "qcow2", top.toString(), copy.toString());
            }
        }
    }

    @Test
    void refusesABackingImageWithoutItsName() throws Exception {
        Path top = overlay("1M", List.of(), "1M", List.of());
        Options options = new Options(16, IDENTITY, null, null, true, null);
        try (DiskImage source = open(top);
                DiskImage below = open(directory.resolve("base.qcow2"));
                PosixFile file = PosixFile.create(directory.resolve("copy.qcow2"), 0600)) {
            assertThatThrownBy(() -> DeltaCopy.write(source, below, file, options, _ -> {}))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThat(file.size()).isZero();
        }
    }

    /** {@code top.qcow2} over {@code base.qcow2}. */
    private Path overlay(String baseSize, List<String> baseWrites, String size, List<String> writes) {
        Path base = directory.resolve("base.qcow2");
        QemuImg.run("create", "-q", "-f", "qcow2", base.toString(), baseSize);
        QemuIo.run(base, "qcow2", baseWrites);
        Path top = directory.resolve("top.qcow2");
        QemuImg.run("create", "-q", "-f", "qcow2", "-b", "base.qcow2", "-F", "qcow2", top.toString(), size);
        QemuIo.run(top, "qcow2", writes);
        return top;
    }

    /** Makes {@code copy.qcow2}, which must show the same. */
    private Outcome copy(Path top, @Nullable String backing, boolean thorough) throws Exception {
        Path copy = directory.resolve("copy.qcow2");
        Files.deleteIfExists(copy);
        Outcome outcome;
        try (DiskImage source = open(top);
                DiskImage below = backing == null ? null : open(directory.resolve(backing));
                PosixFile file = PosixFile.create(copy, 0600)) {
            Options options = new Options(16, IDENTITY, backing == null ? null : link(backing), null, thorough, null);
            outcome = DeltaCopy.write(source, below, file, options, _ -> {});
        }
        assertThat(QemuImg.run("check", "-f", "qcow2", copy.toString())).contains("No errors were found");
        QemuImg.run("compare", "-f", "qcow2", "-F", "qcow2", top.toString(), copy.toString());
        return outcome;
    }

    /** Bytes of data in {@code copy.qcow2} itself. */
    private long ownData() {
        return QemuImg.map(directory.resolve("copy.qcow2"), "qcow2").stream()
                .filter(entry -> entry.depth() == 0 && entry.data())
                .mapToLong(QemuImg.MapEntry::length)
                .sum();
    }

    private static BackingLink link(String name) {
        return new BackingLink(name, formatOf(name));
    }

    private static ImageFormat formatOf(String name) {
        return name.endsWith("raw") ? ImageFormat.RAW : ImageFormat.QCOW2;
    }

    private DiskImage open(Path path) throws IOException {
        return ImageChain.open(
                PosixFile.openForReading(path),
                formatOf(path.toString()),
                (_, name, _) ->
                        new BackingResolver.Backing(PosixFile.openForReading(directory.resolve(name)), formatOf(name)));
    }
}
