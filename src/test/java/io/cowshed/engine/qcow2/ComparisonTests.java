package io.cowshed.engine.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.block.Comparison;
import io.cowshed.engine.block.Comparison.Difference;
import io.cowshed.engine.block.Comparison.Lengths;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.ImageFormat;
import io.cowshed.engine.block.MemoryFile;
import io.cowshed.engine.block.ReadOnlyFile;
import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.oracle.QemuIo;
import io.cowshed.engine.raw.RawImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Disks are compared as qemu-img compares them, and as their bytes say. */
class ComparisonTests {

    private static final int SECTOR = 512;
    private static final Pattern MISMATCH = Pattern.compile("mismatch at offset (\\d+)");

    @TempDir
    private Path directory;

    static Stream<SampleImage> images() {
        return DifferentialReadTests.images().filter(sample -> sample.seed() % 6 == 5);
    }

    @ParameterizedTest
    @MethodSource("images")
    void findsWhatWasChanged(SampleImage sample) throws Exception {
        Path top = sample.create(directory);
        Path changed = directory.resolve("changed.qcow2");
        Files.copy(top, changed);
        byte[] before = QemuImg.content(top, "qcow2");
        assertAgree(top, changed, before, before);
        Random random = new Random(sample.seed());
        List<String> writes = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            writes.add("write -q -P 0x" + (11 + i) + " " + random.nextLong(sample.size() - 5000) + " "
                    + (1 + random.nextInt(5000)));
        }
        QemuIo.run(changed, "qcow2", writes);
        assertAgree(top, changed, before, QemuImg.content(changed, "qcow2"));
    }

    private void assertAgree(Path first, Path second, byte[] before, byte[] after) throws Exception {
        try (DiskImage one = open(first);
                DiskImage other = open(second)) {
            int mismatch = Arrays.mismatch(before, after);
            OptionalLong expected = mismatch < 0 ? OptionalLong.empty() : OptionalLong.of(mismatch);
            for (Lengths lengths : Lengths.values()) {
                assertThat(Comparison.firstDifference(one, other, lengths)).isEqualTo(expected);
                assertThat(differences(one, other, lengths)).isEqualTo(sectors(before, after));
            }
            assertThat(mismatch < 0 ? -1 : mismatch / SECTOR * (long) SECTOR)
                    .isEqualTo(qemuCompares(first, "qcow2", second, "qcow2"));
        }
    }

    /** The runs of sectors that differ, by comparing them one by one. */
    private static List<Difference> sectors(byte[] one, byte[] other) {
        List<Difference> runs = new ArrayList<>();
        for (int at = 0; at < one.length; at += SECTOR) {
            int end = Math.min(one.length, at + SECTOR);
            if (Arrays.mismatch(one, at, end, other, at, end) >= 0) {
                boolean goesOn = !runs.isEmpty() && runs.getLast().end() == at;
                long start = goesOn ? runs.removeLast().start() : at;
                runs.add(new Difference(start, end - start));
            }
        }
        return runs;
    }

    /** The offset of the first sector that differs, as qemu-img tells; -1 when none does. */
    private static long qemuCompares(Path first, String format, Path second, String secondFormat) throws Exception {
        Process process = new ProcessBuilder(
                        "qemu-img", "compare", "-f", format, "-F", secondFormat, first.toString(), second.toString())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        int status = process.waitFor();
        assertThat(status).as(output).isBetween(0, 1);
        Matcher mismatch = MISMATCH.matcher(output);
        assertThat(mismatch.find()).as(output).isEqualTo(status == 1);
        return status == 0 ? -1 : Long.parseLong(mismatch.group(1));
    }

    private static List<Difference> differences(DiskImage one, DiskImage other, Lengths lengths) throws Exception {
        List<Difference> all = new ArrayList<>();
        try (Comparison comparison = Comparison.of(one, other, lengths)) {
            for (Difference next = comparison.next(); next != null; next = comparison.next()) {
                all.add(next);
            }
        }
        return all;
    }

    @Test
    void aShorterDiskGoesOnInZerosUnlessLengthsMustMatch() throws Exception {
        byte[] bytes = new byte[100_000];
        new Random(1).nextBytes(bytes);
        DiskImage shorter = new RawImage(new MemoryFile("shorter", bytes));
        DiskImage longer = new RawImage(new MemoryFile("longer", Arrays.copyOf(bytes, 3_000_000)));
        for (DiskImage[] pair : new DiskImage[][] {{shorter, longer}, {longer, shorter}}) {
            assertThat(Comparison.firstDifference(pair[0], pair[1], Lengths.ZEROS_MAY_FOLLOW))
                    .isEmpty();
            assertThat(Comparison.firstDifference(pair[0], pair[1], Lengths.MUST_MATCH))
                    .hasValue(100_000);
            assertThat(differences(pair[0], pair[1], Lengths.MUST_MATCH))
                    .containsExactly(new Difference(100_000, 2_900_000));
        }
        byte[] tail = Arrays.copyOf(bytes, 3_000_000);
        tail[2_999_999] = 1;
        DiskImage other = new RawImage(new MemoryFile("other", tail));
        assertThat(Comparison.firstDifference(shorter, other, Lengths.ZEROS_MAY_FOLLOW))
                .hasValue(2_999_999);
        assertThat(differences(other, shorter, Lengths.ZEROS_MAY_FOLLOW))
                .containsExactly(new Difference(2_999_999 / SECTOR * SECTOR, 2_999_999 % SECTOR + 1));
    }

    @Test
    void qemuAgreesOnDisksOfDifferentLengths() throws Exception {
        Path longer = directory.resolve("longer.raw");
        Path shorter = directory.resolve("shorter.raw");
        byte[] bytes = new byte[2 << 20];
        for (int changedAt : new int[] {-1, 5, 1_100_000, (2 << 20) - 1}) {
            byte[] changed = bytes.clone();
            if (changedAt >= 0) {
                changed[changedAt] = 9;
            }
            Files.write(longer, changed);
            Files.write(shorter, Arrays.copyOf(bytes, 1 << 20));
            try (DiskImage one = new RawImage(ReadOnlyFile.open(longer));
                    DiskImage other = new RawImage(ReadOnlyFile.open(shorter))) {
                long first = Comparison.firstDifference(one, other, Lengths.ZEROS_MAY_FOLLOW)
                        .orElse(-1);
                assertThat(first).isEqualTo(changedAt);
                assertThat(first < 0 ? -1 : first / SECTOR * SECTOR)
                        .isEqualTo(qemuCompares(longer, "raw", shorter, "raw"));
            }
        }
    }

    @Test
    void readsNothingOfWhatAnOverlayLeavesToItsBase() throws Exception {
        Path base = directory.resolve("base.qcow2");
        QemuImg.run("create", "-q", "-f", "qcow2", base.toString(), "8M");
        QemuIo.run(base, "qcow2", List.of("write -q -P 5 0 4M"));
        QemuImg.run(
                "create",
                "-q",
                "-f",
                "qcow2",
                "-b",
                "base.qcow2",
                "-F",
                "qcow2",
                directory.resolve("top.qcow2").toString());
        QemuIo.run(directory.resolve("top.qcow2"), "qcow2", List.of("write -q -P 6 1M 64k"));
        MemoryFile baseBytes = new MemoryFile("base", Files.readAllBytes(base));
        try (DiskImage lower = ImageChain.open(baseBytes, ImageFormat.QCOW2, new SiblingResolver(directory));
                DiskImage upper = ImageChain.open(
                        new MemoryFile("top", Files.readAllBytes(directory.resolve("top.qcow2"))),
                        ImageFormat.QCOW2,
                        (_, _, _) ->
                                new io.cowshed.engine.block.BackingResolver.Backing(baseBytes, ImageFormat.QCOW2))) {
            assertThat(Comparison.work(upper, lower, Lengths.MUST_MATCH)).isEqualTo(64 << 10);
            assertThat(differences(upper, lower, Lengths.MUST_MATCH))
                    .containsExactly(new Difference(1 << 20, 64 << 10));
            assertThat(baseBytes.bytesRead()).isLessThan(1 << 20);
        }
    }

    @Test
    void goesThroughTerabytesOfEqualHolesPromptly() throws Exception {
        for (String name : List.of("one", "other")) {
            QemuImg.run("create", "-q", "-f", "qcow2", directory.resolve(name).toString(), "2T");
            QemuIo.run(directory.resolve(name), "qcow2", List.of("write -q -P 5 1T 1M"));
        }
        QemuIo.run(directory.resolve("other"), "qcow2", List.of("write -q -P 6 2199023255040 512"));
        try (DiskImage one = open(directory.resolve("one"));
                DiskImage other = open(directory.resolve("other"))) {
            assertThat(Comparison.work(one, other, Lengths.MUST_MATCH)).isEqualTo((1 << 20) + (64 << 10));
            assertThat(differences(one, other, Lengths.MUST_MATCH))
                    .containsExactly(new Difference(2199023255040L, 512));
        }
    }

    private DiskImage open(Path path) throws Exception {
        return ImageChain.open(ReadOnlyFile.open(path), ImageFormat.QCOW2, new SiblingResolver(directory));
    }
}
