package io.cowshed.bench;

import io.cowshed.engine.block.BackingResolver;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.ImageFormat;
import io.cowshed.engine.posix.PosixFile;
import io.cowshed.engine.qcow2.BackingLink;
import io.cowshed.engine.qcow2.DeltaCopy;
import io.cowshed.engine.qcow2.FreshImage;
import io.cowshed.engine.qcow2.ImageChain;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Deltas beside {@code qemu-img}: an overlay with 256 MiB of its own, in 64 KiB here and there, on a disk with 1 GiB of data.
 * What is written is flushed by both, and what is read is in memory for both. {@code qemu-img rebase} changes the overlay in
 * place, where a delta copies it.
 */
@Tag("bench")
class DeltaBench {

    private static final int PAIRS = 7;
    private static final int CHUNKS = 4096;
    private static final String COMPARE = "qemu-img compare -q -f qcow2 -F qcow2 ";

    @TempDir
    private Path directory;

    private final Report report = new Report();

    @Test
    void deltas() throws Exception {
        Shell shell = new Shell(directory);
        shell.run("qemu-img create -q -f qcow2 disk.qcow2 4G");
        write(shell, "disk.qcow2", 11, 4 * CHUNKS);
        shell.run("cp disk.qcow2 other.qcow2; qemu-img create -q -f qcow2 -b disk.qcow2 -F qcow2 top.qcow2");
        write(shell, "other.qcow2", 12, CHUNKS / 4);
        write(shell, "top.qcow2", 13, CHUNKS);
        shell.run("sync -f .; cat *.qcow2 > /dev/null");
        String rebase = "qemu-img rebase -f qcow2 -F qcow2 -b other.qcow2 theirs && sync -d theirs";
        pairs(shell, "onto an image that differs in part", "cp top.qcow2 theirs; ", rebase, "other.qcow2", false);
        String convert = "qemu-img convert -f qcow2 -O qcow2 top.qcow2 theirs && sync -d theirs";
        pairs(shell, "onto nothing", "", convert, null, false);
        String same = "qemu-img convert -f qcow2 -O qcow2 -B disk.qcow2 -F qcow2 top.qcow2 theirs && sync -d theirs";
        pairs(shell, "onto the image it lies on", "", same, "disk.qcow2", false);
        pairs(shell, "onto the image it lies on, thoroughly", "", same, "disk.qcow2", true);
        report.print("Deltas");
    }

    /** Writes 64 KiB here and there. */
    private void write(Shell shell, String image, long seed, int count) throws Exception {
        StringBuilder commands = new StringBuilder();
        new Random(seed)
                .ints(count, 0, 1 << 16)
                .forEach(chunk -> commands.append("write -q -P ")
                        .append(1 + (chunk + seed) % 255)
                        .append(' ')
                        .append((long) chunk << 16)
                        .append(" 64k\n"));
        Files.writeString(directory.resolve("commands"), commands);
        shell.run("qemu-io -f qcow2 " + image + " < commands > /dev/null");
    }

    private void pairs(
            Shell shell, String work, String before, String theirs, @Nullable String backing, boolean thorough)
            throws Exception {
        String clean = "rm -f ours theirs; " + before + "sync -f .";
        shell.run(clean);
        copy(backing, thorough);
        double[] oursMillis = new double[PAIRS];
        double[] theirsMillis = new double[PAIRS];
        for (int pair = 0; pair < PAIRS; pair++) {
            shell.run(clean);
            long start = System.nanoTime();
            copy(backing, thorough);
            oursMillis[pair] = (System.nanoTime() - start) / 1e6;
            shell.run("sync -f .");
            theirsMillis[pair] = shell.time(theirs);
        }
        shell.run(COMPARE + "ours theirs; " + COMPARE + "ours top.qcow2; qemu-img check -q ours");
        report.pairs(work + " (`" + theirs + "`)", oursMillis, theirsMillis, "≤ 1.0");
    }

    private void copy(@Nullable String backing, boolean thorough) throws Exception {
        BackingLink link = backing == null ? null : new BackingLink(backing, ImageFormat.QCOW2);
        try (DiskImage source = open("top.qcow2");
                DiskImage below = backing == null ? null : open(backing);
                PosixFile file = PosixFile.create(directory.resolve("ours"), 0600)) {
            DeltaCopy.Options options =
                    new DeltaCopy.Options(FreshImage.DEFAULT_CLUSTER_BITS, null, link, null, thorough, null);
            DeltaCopy.write(source, below, file, options, _ -> {});
        }
    }

    private DiskImage open(String name) throws IOException {
        return ImageChain.open(
                PosixFile.openForReading(directory.resolve(name)),
                ImageFormat.QCOW2,
                (_, backing, _) -> new BackingResolver.Backing(
                        PosixFile.openForReading(directory.resolve(backing)), ImageFormat.QCOW2));
    }
}
