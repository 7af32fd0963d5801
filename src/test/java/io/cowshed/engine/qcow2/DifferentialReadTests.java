package io.cowshed.engine.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.block.CheckReport;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.Extent;
import io.cowshed.engine.block.Extents;
import io.cowshed.engine.block.ImageFormat;
import io.cowshed.engine.block.ReadOnlyFile;
import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.oracle.QemuImg.MapEntry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Images that QEMU makes are read, and mapped, as QEMU reads and maps them. */
class DifferentialReadTests {

    private static final int IMAGES = Integer.getInteger("cowshed.images", 72);
    private static final int SECTOR = 512;

    /** What kinds of extents the images together turned out to have. */
    private static final Set<String> KINDS = new TreeSet<>();

    static Stream<SampleImage> images() {
        return IntStream.range(0, IMAGES).mapToObj(DifferentialReadTests::image);
    }

    /** Walks all values of each property at strides that do not divide each other, so that they meet in many ways. */
    private static SampleImage image(int index) {
        Random random = new Random(index * 7919L);
        boolean extended = index % 5 == 4;
        boolean old = !extended && index % 7 == 3;
        int[] clusters =
                extended ? new int[] {16 << 10, 64 << 10, 2 << 20} : new int[] {512, 1024, 4096, 64 << 10, 2 << 20};
        int cluster = clusters[index / 2 % clusters.length];
        SampleImage.Below[] belows = SampleImage.Below.values();
        SampleImage.Below below = index % 2 == 0 ? SampleImage.Below.NOTHING : belows[index / 2 % belows.length];
        List<String> options = new ArrayList<>(List.of("cluster_size=" + cluster));
        int refcountBits = 16;
        if (old) {
            options.add("compat=0.10");
        } else {
            refcountBits = 1 << (index % 13 % 7);
            options.add("compat=1.1,refcount_bits=" + refcountBits);
            options.add("extended_l2=" + (extended ? "on" : "off"));
            options.add("compression_type=" + (index % 3 == 0 ? "zstd" : "zlib"));
            options.add("lazy_refcounts=" + (index % 11 < 4 ? "on" : "off"));
        }
        if (below == SampleImage.Below.NOTHING) {
            options.add("preallocation="
                    + List.of("off", "metadata", "falloc", "full").get(index / 2 % 4));
        }
        long size = (cluster == 2 << 20 ? 5_242_880L : 1_500_000L) + random.nextInt(300_000);
        // With the smallest clusters an L1 table is longer than a page from 2 MiB on.
        size += cluster == 512 ? 1 << 20 : 0;
        size -= size % SECTOR;
        // A snapshot shares every cluster once more, and compressed clusters share theirs already.
        boolean snapshot = refcountBits >= 8 && index % 4 < 2;
        return new SampleImage(index, String.join(",", options), cluster, below, size, snapshot);
    }

    @ParameterizedTest
    @MethodSource("images")
    void readsAndMapsWhatQemuWrote(SampleImage sample, @TempDir Path directory) throws IOException {
        Path top = sample.create(directory);
        settle(directory);
        try (ReadOnlyFile file = ReadOnlyFile.open(top)) {
            assertThat(Qcow2Validation.validate(file).virtualSize()).isEqualTo(sample.size());
            assertThat(Qcow2Validation.validate(file, 64).virtualSize()).isEqualTo(sample.size());
            CheckReport report = Qcow2Check.check(file);
            assertThat(numbersOf(report)).as(report::toString).isEqualTo(QemuImg.check(top));
            assertThat(Qcow2Check.check(file, 1)).isEqualTo(report);
        }
        byte[] expected = QemuImg.content(top, "qcow2");
        try (DiskImage image =
                ImageChain.open(ReadOnlyFile.open(top), ImageFormat.QCOW2, new SiblingResolver(directory))) {
            assertThat(image.virtualSize()).isEqualTo(sample.size());
            Random random = new Random(sample.seed());
            assertSameContent(readInPieces(image, random), expected);
            assertThat(mapOf(image, sample)).isEqualTo(cut(QemuImg.map(top, "qcow2"), sample));
        }
    }

    private static Map<String, Long> numbersOf(CheckReport report) {
        Map<String, Long> numbers = new TreeMap<>(Map.of(
                "image-end-offset", report.endOffset(),
                "total-clusters", report.totalClusters(),
                "allocated-clusters", report.allocatedClusters(),
                "fragmented-clusters", report.fragmentedClusters(),
                "compressed-clusters", report.compressedClusters(),
                "corruptions", report.errors(),
                "leaks", report.leaks(),
                "check-errors", 0L));
        List.of("allocated-clusters", "fragmented-clusters", "compressed-clusters", "corruptions", "leaks")
                .forEach(field -> numbers.remove(field, 0L));
        return numbers;
    }

    @AfterAll
    static void theImagesHadExtentsOfEveryKind() {
        assertThat(KINDS)
                .contains(
                        "data at 0",
                        "data at 3",
                        "data, a hole in the file at 0",
                        "compressed at 0",
                        "compressed at 2",
                        "zero at 0",
                        "zero, space kept at 0",
                        "zero, space kept at 1",
                        "absent at 0",
                        "absent, space kept at 0",
                        "absent at 3");
    }

    private static String kind(Extent extent) {
        String kind;
        if (extent.data()) {
            kind = extent.compressed() ? "compressed" : extent.zero() ? "data, a hole in the file" : "data";
        } else {
            kind = (extent.present() ? "zero" : "absent") + (extent.offset().isPresent() ? ", space kept" : "");
        }
        return kind + " at " + extent.depth();
    }

    private static void assertSameContent(byte[] actual, byte[] expected) {
        int difference = Arrays.mismatch(actual, expected);
        assertThat(difference).as("first differing offset").isEqualTo(-1);
    }

    /** Pieces of all lengths, into buffers on the heap and off it, with bytes around them that must not be touched. */
    private static byte[] readInPieces(DiskImage image, Random random) throws IOException {
        byte[] content = new byte[Math.toIntExact(image.virtualSize())];
        int offset = 0;
        while (offset < content.length) {
            int most = random.nextInt(4) == 0 ? content.length : 40_000;
            int length = Math.min(content.length - offset, 1 + random.nextInt(most));
            ByteBuffer buffer =
                    random.nextBoolean() ? ByteBuffer.allocate(length + 2) : ByteBuffer.allocateDirect(length + 2);
            for (int i = 0; i < buffer.capacity(); i++) {
                buffer.put(i, (byte) 0x5a);
            }
            buffer.limit(length + 1).position(1);
            image.read(offset, buffer);
            assertThat(buffer.position()).isEqualTo(buffer.limit()).isEqualTo(length + 1);
            assertThat(buffer.get(0)).isEqualTo((byte) 0x5a);
            buffer.limit(length + 2);
            assertThat(buffer.get(length + 1)).isEqualTo((byte) 0x5a);
            buffer.get(1, content, offset, length);
            offset += length;
        }
        return content;
    }

    private static List<MapEntry> mapOf(DiskImage image, SampleImage sample) throws IOException {
        List<MapEntry> entries = new ArrayList<>();
        Extents extents = Extents.of(image);
        for (Extent extent = extents.next(); extent != null; extent = extents.next()) {
            KINDS.add(kind(extent));
            assertThat(extent.compressed())
                    .isEqualTo(extent.data() && extent.offset().isEmpty());
            entries.add(new MapEntry(
                    extent.start(),
                    extent.length(),
                    extent.depth(),
                    extent.present(),
                    extent.zero(),
                    extent.data(),
                    extent.offset()));
        }
        return cut(entries, sample);
    }

    /** QEMU rounds a raw file's length up to whole sectors: what follows the odd end is not compared. */
    private static List<MapEntry> cut(List<MapEntry> entries, SampleImage sample) {
        long from = switch (sample.below()) {
            case RAW_OF_ODD_SIZE -> SampleImage.ODD_SIZE;
            case RAW_OF_ONE_BYTE -> 1;
            case NOTHING, QCOW2, QCOW2_SHORTER, QCOW2_LONGER, RAW, RAW_SHORTER, THREE_DEEP_MIXED -> 0;
        };
        long to = Math.ceilDiv(from, (long) SECTOR) * SECTOR;
        List<MapEntry> cut = new ArrayList<>();
        for (MapEntry entry : entries) {
            long end = entry.start() + entry.length();
            addPart(cut, entry, entry.start(), Math.min(end, from));
            addPart(cut, entry, Math.max(entry.start(), to), end);
        }
        return cut;
    }

    private static void addPart(List<MapEntry> parts, MapEntry entry, long start, long end) {
        if (start < end) {
            OptionalLong offset = entry.offset().isEmpty()
                    ? OptionalLong.empty()
                    : OptionalLong.of(entry.offset().getAsLong() + start - entry.start());
            parts.add(new MapEntry(
                    start, end - start, entry.depth(), entry.present(), entry.zero(), entry.data(), offset));
        }
    }

    /** Space is counted differently while the kernel still holds the writes back. */
    private static void settle(Path directory) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (Path path : files) {
                try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
                    channel.force(true);
                }
            }
        }
    }
}
