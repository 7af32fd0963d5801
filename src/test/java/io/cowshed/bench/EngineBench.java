package io.cowshed.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.block.BackingResolver;
import io.cowshed.engine.block.Comparison;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.Extents;
import io.cowshed.engine.block.ImageFormat;
import io.cowshed.engine.posix.PosixFile;
import io.cowshed.engine.qcow2.DeltaCopy;
import io.cowshed.engine.qcow2.DiskCopy;
import io.cowshed.engine.qcow2.FreshImage;
import io.cowshed.engine.qcow2.ImageChain;
import io.cowshed.engine.qcow2.Qcow2Check;
import io.cowshed.engine.qcow2.WritableQcow2Image;
import io.cowshed.engine.qcow2.format.CompressionType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The engine beside {@code qemu-img}, without the service: what is written is flushed by both, and what is read is in memory
 * for both. Where nothing is written, the time that {@code qemu-img} takes to start is not counted.
 */
@Tag("bench")
class EngineBench {

    private static final int PAIRS = 7;
    private static final int WRITES = 2000;
    private static final int SHORT_WARM_UPS = 30;
    private static final long DISK = 4L << 30;
    private static final int RUN = 8 << 20;
    private static final Path GUEST = Path.of(System.getProperty("user.home"), ".cache/cowshed/guest/disk.raw");

    @TempDir
    private Path directory;

    private final Report report = new Report();

    /** Work of the engine's. */
    @FunctionalInterface
    private interface Work {
        void run() throws Exception;
    }

    /** A copy that the engine makes of {@code source} in an empty file. */
    @FunctionalInterface
    private interface Copy {
        void make(DiskImage source, PosixFile target) throws Exception;
    }

    @Test
    void mixedDisk() throws Exception {
        makeMixedDisk(directory.resolve("disk.raw"));
        all("1 GiB of data in 4 GiB");
    }

    /** {@code scripts/make-guest} makes it. */
    @Test
    void guestDisk() throws Exception {
        assertThat(GUEST).as("scripts/make-guest makes it").exists();
        new Shell(directory).run("cp --sparse=always " + GUEST + " disk.raw");
        all("the disk of a Debian guest");
    }

    private void all(String disk) throws Exception {
        Shell shell = new Shell(directory);
        shell.run("""
                qemu-img convert -f raw -O qcow2 disk.raw disk.qcow2
                qemu-img convert -c -f raw -O qcow2 disk.raw zlib.qcow2
                qemu-img convert -c -f raw -O qcow2 -o compression_type=zstd disk.raw zstd.qcow2
                sync -f .
                cat disk.raw disk.qcow2 zlib.qcow2 zstd.qcow2 > /dev/null
                """);
        copies(shell, "raw → qcow2", "disk.raw", "-O qcow2", EngineBench::toQcow2, "≤ 1.0");
        copies(shell, "qcow2 → raw", "disk.qcow2", "-O raw", EngineBench::toRaw, "≤ 1.0");
        copies(shell, "raw → zlib", "disk.raw", "-c -O qcow2", compressing(CompressionType.ZLIB), "≤ 0.9");
        sizes("size in zlib", "≤ 1.0");
        String zstd = "-c -O qcow2 -o compression_type=zstd";
        copies(shell, "raw → zstd", "disk.raw", zstd, compressing(CompressionType.ZSTD), "≤ 0.9");
        sizes("size in zstd", "");
        copies(shell, "zlib → raw", "zlib.qcow2", "-O raw", EngineBench::toRaw, "≤ 1.0");
        copies(shell, "zstd → raw", "zstd.qcow2", "-O raw", EngineBench::toRaw, "≤ 1.0");
        reads(shell, "map", "qemu-img map -f qcow2 --output=json disk.qcow2", this::map);
        reads(shell, "compare", "qemu-img compare -f raw -F qcow2 disk.raw disk.qcow2", this::compare);
        reads(shell, "check", "qemu-img check -f qcow2 disk.qcow2", this::check);
        overlayWrites(shell, 4 << 10, WRITES);
        overlayWrites(shell, 4 << 10, 100);
        overlayWrites(shell, 64 << 10, WRITES);
        overlayWrites(shell, 64 << 10, 100);
        report.print("The engine on " + disk);
    }

    private static void toQcow2(DiskImage source, PosixFile target) throws Exception {
        DiskCopy.toQcow2(source, target, FreshImage.DEFAULT_CLUSTER_BITS, null, _ -> {});
    }

    private static void toRaw(DiskImage source, PosixFile target) throws Exception {
        DiskCopy.toRaw(source, target, _ -> {});
    }

    private static Copy compressing(CompressionType type) {
        DeltaCopy.Options options =
                new DeltaCopy.Options(FreshImage.DEFAULT_CLUSTER_BITS, null, null, type, false, null);
        return (source, target) -> DeltaCopy.write(source, null, target, options, _ -> {});
    }

    /** Both flushed to files {@code ours} and {@code theirs}, which stay from the last pair. */
    private void copies(Shell shell, String work, String source, String options, Copy copy, String target)
            throws Exception {
        String format = source.endsWith("raw") ? "raw" : "qcow2";
        String theirs = "qemu-img convert -f " + format + " " + options + " " + source + " theirs && sync -d theirs";
        String clean = "rm -f ours theirs; sync -f .";
        shell.run(clean);
        copy(source, copy);
        double[] oursMillis = new double[PAIRS];
        double[] theirsMillis = new double[PAIRS];
        for (int pair = 0; pair < PAIRS; pair++) {
            shell.run(clean);
            oursMillis[pair] = time(() -> copy(source, copy));
            shell.run("sync -f .");
            theirsMillis[pair] = shell.time(theirs);
        }
        String written = options.contains("raw") ? "raw" : "qcow2";
        shell.run("qemu-img compare -f " + written + " -F " + written + " ours theirs");
        report.pairs(work + " (`qemu-img convert " + options + " && sync -d`)", oursMillis, theirsMillis, target);
    }

    private void copy(String source, Copy copy) throws Exception {
        try (DiskImage image = open(source);
                PosixFile file = PosixFile.create(directory.resolve("ours"), 0600)) {
            copy.make(image, file);
        }
    }

    /** Of what {@link #copies} left. */
    private void sizes(String work, String target) throws IOException {
        long ours = Files.size(directory.resolve("ours"));
        long theirs = Files.size(directory.resolve("theirs"));
        String ratio = "%.4f".formatted((double) ours / theirs);
        report.row(work, "%,d bytes".formatted(ours), "%,d bytes".formatted(theirs), ratio, target);
    }

    /** Work that writes nothing: the time that a {@code qemu-img} takes to start is taken off theirs. */
    private void reads(Shell shell, String work, String theirs, Work ours) throws Exception {
        for (int i = 0; i < SHORT_WARM_UPS && time(ours) < 500; i++) {
            ours.run();
        }
        double[] oursMillis = new double[PAIRS];
        double[] theirsMillis = new double[PAIRS];
        for (int pair = 0; pair < PAIRS; pair++) {
            oursMillis[pair] = time(ours);
            double start = shell.time("qemu-img --version > /dev/null");
            theirsMillis[pair] = Math.max(0.1, shell.time(theirs + " > /dev/null") - start);
        }
        report.pairs(work + " (`" + theirs + "`)", oursMillis, theirsMillis, "≤ 1.0");
    }

    private void map() throws IOException {
        try (DiskImage image = open("disk.qcow2")) {
            Extents extents = Extents.of(image);
            long length = 0;
            for (var extent = extents.next(); extent != null; extent = extents.next()) {
                length += extent.length();
            }
            assertThat(length).isEqualTo(image.virtualSize());
        }
    }

    private void compare() throws Exception {
        try (DiskImage raw = open("disk.raw");
                DiskImage qcow2 = open("disk.qcow2")) {
            assertThat(Comparison.firstDifference(raw, qcow2, Comparison.Lengths.MUST_MATCH))
                    .isEmpty();
        }
    }

    private void check() throws IOException {
        try (PosixFile file = PosixFile.openForReading(directory.resolve("disk.qcow2"))) {
            assertThat(Qcow2Check.check(file).clean()).isTrue();
        }
    }

    /** Random writes into a fresh overlay, one at a time, with a flush after every so many and at the end. */
    private void overlayWrites(Shell shell, int length, int flushEvery) throws Exception {
        long[] offsets = new Random(length)
                .longs(WRITES, 0, DISK / length)
                .map(n -> n * length)
                .toArray();
        StringBuilder commands = new StringBuilder();
        for (int i = 0; i < WRITES; i++) {
            commands.append("write -q -P 7 ")
                    .append(offsets[i])
                    .append(' ')
                    .append(length)
                    .append('\n');
            if ((i + 1) % flushEvery == 0) {
                commands.append("flush\n");
            }
        }
        Files.writeString(directory.resolve("commands"), commands);
        String create = "qemu-img create -q -f qcow2 -b disk.qcow2 -F qcow2 ";
        String size = " " + DISK + "; sync -f .";
        double[] ours = new double[PAIRS];
        double[] theirs = new double[PAIRS];
        for (int pair = -2; pair < PAIRS; pair++) {
            shell.run("rm -f ours theirs; " + create + "ours" + size);
            ours[Math.max(pair, 0)] = time(() -> writeOverlay(offsets, length, flushEvery));
            shell.run(create + "theirs" + size);
            double start = shell.time("qemu-io --version > /dev/null");
            theirs[Math.max(pair, 0)] = shell.time("qemu-io -f qcow2 theirs < commands > /dev/null") - start;
        }
        shell.run("qemu-img check -q ours; qemu-img compare -q -f qcow2 -F qcow2 ours theirs");
        String flushes = flushEvery == WRITES ? "flushed at the end" : "flushed after every " + flushEvery;
        String work = "%,d random writes of %d KiB into an overlay, %s".formatted(WRITES, length >> 10, flushes);
        report.pairs(work + " (`qemu-io`)", ours, theirs, "≤ 1.1");
    }

    private void writeOverlay(long[] offsets, int length, int flushEvery) throws IOException {
        ByteBuffer data = ByteBuffer.allocateDirect(length);
        while (data.hasRemaining()) {
            data.put((byte) 7);
        }
        PosixFile file = PosixFile.openForWriting(directory.resolve("ours"));
        try (WritableQcow2Image image = WritableQcow2Image.open(
                file,
                (_, name, _) -> new BackingResolver.Backing(
                        PosixFile.openForReading(directory.resolve(name)), ImageFormat.QCOW2))) {
            for (int i = 0; i < offsets.length; i++) {
                image.write(offsets[i], data.rewind());
                if ((i + 1) % flushEvery == 0) {
                    image.flush();
                }
            }
        }
    }

    private DiskImage open(String name) throws IOException {
        return ImageChain.open(
                PosixFile.openForReading(directory.resolve(name)),
                name.endsWith("raw") ? ImageFormat.RAW : ImageFormat.QCOW2,
                BackingResolver.NONE);
    }

    private static double time(Work work) throws Exception {
        long start = System.nanoTime();
        work.run();
        return (System.nanoTime() - start) / 1e6;
    }

    /** A quarter of it data: half of that noise, half of it words. */
    private static void makeMixedDisk(Path file) throws IOException {
        Random random = new Random(1);
        byte[] data = new byte[RUN];
        byte[][] words = new byte[2000][];
        for (int i = 0; i < words.length; i++) {
            words[i] = new byte[2 + random.nextInt(10)];
            for (int k = 0; k < words[i].length; k++) {
                words[i][k] = (byte) (k == 0 ? ' ' : 'a' + random.nextInt(26));
            }
        }
        try (FileChannel disk = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            boolean noise = false;
            for (long position = 0; position < DISK; position += 4 * RUN) {
                noise = !noise;
                if (noise) {
                    random.nextBytes(data);
                } else {
                    for (int at = 0; at < RUN; ) {
                        byte[] word = words[(int) Math.abs(random.nextGaussian() * 500) % words.length];
                        int length = Math.min(word.length, RUN - at);
                        System.arraycopy(word, 0, data, at, length);
                        at += length;
                    }
                }
                disk.write(ByteBuffer.wrap(data), position + random.nextInt(3) * (long) RUN);
            }
            disk.write(ByteBuffer.wrap(new byte[1]), DISK - 1);
            disk.force(true);
        }
    }
}
