package io.cowshed.engine.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.engine.block.BackingResolver;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.ImageFormat;
import io.cowshed.engine.block.MemoryFile;
import io.cowshed.engine.block.ReadOnlyFile;
import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.oracle.QemuImg.MapEntry;
import io.cowshed.engine.oracle.QemuIo;
import io.cowshed.engine.qcow2.format.ImageIdentity;
import io.cowshed.engine.raw.RawImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is streamed is judged by qemu-img, as a whole and piece by piece. */
class StreamedImageTests {

    private static final ImageIdentity IDENTITY = new ImageIdentity(new UUID(1, 2), "debian-12");

    /** Of the processor: how busy the machine is otherwise does not count. */
    private static final Duration PROMPT = Duration.ofSeconds(2);

    private static final int SLICES = 40;

    @TempDir
    private Path directory;

    static Stream<SampleImage> images() {
        return DifferentialReadTests.images().filter(sample -> sample.seed() % 5 == 0);
    }

    static Stream<SampleImage> overlays() {
        return DifferentialReadTests.images().filter(sample -> sample.seed() % 4 == 1);
    }

    @ParameterizedTest
    @MethodSource("images")
    void streamsWhatQemuReadsBack(SampleImage sample) throws IOException {
        Path top = sample.create(directory);
        byte[] disk = QemuImg.content(top, "qcow2");
        try (DiskImage image = open(top)) {
            for (int clusterBits : clusterBits(sample)) {
                StreamedImage streamed = StreamedImage.flat(image, clusterBits, IDENTITY);
                Path copy = directory.resolve("flat.qcow2");
                byte[] bytes = whole(streamed);
                Files.write(copy, bytes);
                assertThat(QemuImg.run("check", "-f", "qcow2", copy.toString())).contains("No errors were found");
                assertThat(Arrays.mismatch(QemuImg.content(copy, "qcow2"), disk))
                        .isEqualTo(-1);
                assertSlices(streamed, bytes, clusterBits, new Random(sample.seed()));
                assertThat(whole(StreamedImage.flat(image, clusterBits, IDENTITY)))
                        .isEqualTo(bytes);
                assertThat(Qcow2HeaderReader.read(new MemoryFile("flat", bytes)).identity())
                        .isEqualTo(IDENTITY);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("overlays")
    void streamsTheTopmostImageAlone(SampleImage sample) throws IOException {
        Path top = sample.create(directory);
        byte[] disk = QemuImg.content(top, "qcow2");
        BackingLink backing = backing(sample);
        try (DiskImage image = open(top)) {
            for (int clusterBits : clusterBits(sample)) {
                StreamedImage streamed = StreamedImage.delta(image, clusterBits, null, backing);
                Path copy = directory.resolve("delta.qcow2");
                byte[] bytes = whole(streamed);
                Files.write(copy, bytes);
                assertThat(QemuImg.run("check", "-f", "qcow2", copy.toString())).contains("No errors were found");
                assertThat(Arrays.mismatch(QemuImg.content(copy, "qcow2"), disk))
                        .isEqualTo(-1);
                assertSlices(streamed, bytes, clusterBits, new Random(sample.seed()));
                if (1 << clusterBits == sample.clusterSize()
                        && !sample.options().contains("extended_l2=on")) {
                    assertThat(places(copy)).isEqualTo(places(top));
                }
            }
        }
    }

    /** At the sample's own cluster size, and at one that its clusters are parts or multiples of. */
    private static List<Integer> clusterBits(SampleImage sample) {
        return List.of(Integer.numberOfTrailingZeros(sample.clusterSize()), 9 + sample.seed() % 13);
    }

    private static @Nullable BackingLink backing(SampleImage sample) {
        return switch (sample.below()) {
            case NOTHING -> null;
            case QCOW2, QCOW2_SHORTER, QCOW2_LONGER -> new BackingLink("base.qcow2", ImageFormat.QCOW2);
            case RAW, RAW_SHORTER, RAW_OF_ODD_SIZE, RAW_OF_ONE_BYTE -> new BackingLink("base.raw", ImageFormat.RAW);
            case THREE_DEEP_MIXED -> new BackingLink("upper.qcow2", ImageFormat.QCOW2);
        };
    }

    /** Which image decides what is read, and where it is zeros: of runs, not of how they lie in the file. */
    private static List<String> places(Path image) {
        List<String> joined = new ArrayList<>();
        String last = "";
        long start = 0;
        for (MapEntry entry : QemuImg.map(image, "qcow2")) {
            String kind = " at " + entry.depth() + (entry.zero() ? " zero " : " data ") + entry.present();
            if (!kind.equals(last)) {
                joined.add(start + last);
                last = kind;
                start = entry.start();
            }
        }
        joined.add(start + last);
        return joined;
    }

    private static void assertSlices(StreamedImage streamed, byte[] bytes, int clusterBits, Random random)
            throws IOException {
        assertThat(streamed.length()).isEqualTo(bytes.length);
        TreeSet<Long> bounds = new TreeSet<>();
        long clusters = (long) bytes.length >> clusterBits;
        for (long boundary : List.of(
                0L,
                1L,
                streamed.refcounts().end(),
                streamed.l2Start(),
                streamed.l2Start() + 1,
                streamed.dataStart(),
                streamed.dataStart() + 1,
                clusters / 2,
                clusters - 1,
                clusters)) {
            for (long at = (boundary << clusterBits) - 1; at <= (boundary << clusterBits) + 1; at++) {
                bounds.add(Math.clamp(at, 0L, (long) bytes.length));
            }
        }
        Long previous = 0L;
        for (Long bound : bounds) {
            assertSlice(streamed, bytes, previous, bound);
            assertSlice(streamed, bytes, bound, Math.min(bytes.length, bound + 70_000));
            previous = bound;
        }
        for (int i = 0; i < SLICES; i++) {
            int start = random.nextInt(bytes.length);
            assertSlice(streamed, bytes, start, start + random.nextInt(Math.min(bytes.length - start, 300_000)));
        }
    }

    private static void assertSlice(StreamedImage streamed, byte[] bytes, long start, long end) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        streamed.writeTo(out, start, end);
        assertThat(Arrays.equals(out.toByteArray(), 0, out.size(), bytes, (int) start, (int) end))
                .as("bytes %d to %d", start, end)
                .isTrue();
    }

    private static byte[] whole(StreamedImage streamed) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        streamed.writeTo(out, 0, streamed.length());
        return out.toByteArray();
    }

    private DiskImage open(Path path) throws IOException {
        return ImageChain.open(ReadOnlyFile.open(path), ImageFormat.QCOW2, new SiblingResolver(directory));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 511, 513, 65_535, 65_537, 1_000_003})
    void streamsRawDisksOfAnyLength(int length) throws IOException {
        byte[] disk = new byte[length];
        new Random(length).nextBytes(disk);
        for (int clusterBits : List.of(9, 12, 16, 21)) {
            StreamedImage streamed = StreamedImage.flat(new RawImage(new MemoryFile("raw", disk)), clusterBits, null);
            Path copy = directory.resolve("copy.qcow2");
            byte[] bytes = whole(streamed);
            Files.write(copy, bytes);
            assertThat(QemuImg.run("check", "-f", "qcow2", copy.toString())).contains("No errors were found");
            assertThat(QemuImg.content(copy, "qcow2")).isEqualTo(Arrays.copyOf(disk, (length + 511) / 512 * 512));
            assertSlices(streamed, bytes, clusterBits, new Random(1));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {12, 16, 21})
    void streamsTerabytesOfNothingPromptly(int clusterBits) throws IOException {
        Path path = directory.resolve("sparse.qcow2");
        QemuImg.run("create", "-q", "-f", "qcow2", path.toString(), "2T");
        QemuIo.run(
                path,
                "qcow2",
                List.of("write -q -P 5 512 4k", "write -q -P 6 1023G 100k", "write -q -P 7 2199023255040 512"));
        Path copy = directory.resolve("copy.qcow2");
        com.sun.management.ThreadMXBean threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long start = threads.getCurrentThreadCpuTime();
        long allocated = threads.getCurrentThreadAllocatedBytes();
        try (DiskImage image = open(path);
                OutputStream out = Files.newOutputStream(copy)) {
            StreamedImage streamed = StreamedImage.flat(image, clusterBits, null);
            streamed.writeTo(out, 0, streamed.length());
            assertThat(Files.size(copy)).isEqualTo(streamed.length());
        }
        assertThat(threads.getCurrentThreadAllocatedBytes() - allocated).isLessThan(16 << 20);
        assertThat(Duration.ofNanos(threads.getCurrentThreadCpuTime() - start)).isLessThan(PROMPT);
        assertThat(QemuImg.run("check", "-f", "qcow2", copy.toString())).contains("No errors were found");
        assertThat(QemuImg.run("compare", "-f", "qcow2", "-F", "qcow2", path.toString(), copy.toString()))
                .contains("identical");
    }

    @Test
    void refusesADiskThatTheFormatCannotHold() throws IOException {
        Path path = directory.resolve("large.qcow2");
        QemuImg.run("create", "-q", "-f", "qcow2", path.toString(), "1T");
        try (DiskImage image = open(path)) {
            assertThatThrownBy(() -> StreamedImage.flat(image, 9, null)).isInstanceOf(ImageTooLargeException.class);
        }
    }

    @Test
    void refusesARangeOutsideTheImage() throws IOException {
        StreamedImage streamed = StreamedImage.flat(new RawImage(new MemoryFile("raw", new byte[512])), 16, null);
        for (long[] range : new long[][] {{-1, 5}, {5, 4}, {0, streamed.length() + 1}}) {
            assertThatThrownBy(() -> streamed.writeTo(OutputStream.nullOutputStream(), range[0], range[1]))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void leavesTheBackingUnnamedWhereAsked() throws IOException {
        Path base = directory.resolve("base.qcow2");
        QemuImg.run("create", "-q", "-f", "qcow2", base.toString(), "1M");
        QemuIo.run(base, "qcow2", List.of("write -q -P 5 0 1M"));
        Path top = directory.resolve("top.qcow2");
        QemuImg.run("create", "-q", "-f", "qcow2", "-b", "base.qcow2", "-F", "qcow2", top.toString());
        QemuIo.run(top, "qcow2", List.of("write -q -z 0 64k"));
        try (DiskImage image = open(top)) {
            byte[] bytes = whole(StreamedImage.delta(image, 16, null, null));
            MemoryFile file = new MemoryFile("delta", bytes);
            assertThat(Qcow2HeaderReader.read(file).backingName()).isNull();
            try (DiskImage alone = ImageChain.open(file, ImageFormat.QCOW2, BackingResolver.NONE)) {
                assertThat(alone.extentAt(0, 1 << 20).present()).isTrue();
                assertThat(alone.extentAt(65_536, 1 << 20).present()).isFalse();
            }
        }
    }
}
