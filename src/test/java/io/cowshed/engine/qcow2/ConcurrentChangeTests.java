package io.cowshed.engine.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.ImageFormat;
import io.cowshed.engine.block.ReadOnlyFile;
import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.posix.PosixFile;
import io.cowshed.engine.qcow2.format.ImageIdentity;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is done to the files of a chain, or beside them, while it is read: readers see nothing of it. */
class ConcurrentChangeTests {

    private static final int READERS = 4;
    private static final int ROUNDS = 12;
    private static final long SIZE = 3_000_320;

    @TempDir
    private Path directory;

    @Test
    void readersOfAChainSeeNeitherOverlaysNorSnapshotsNorReplacements()
            throws IOException, InterruptedException, ExecutionException {
        Path disk = new SampleImage(99, "cluster_size=4k", 4096, SampleImage.Below.THREE_DEEP_MIXED, SIZE, false)
                .create(directory);
        byte[] expected = QemuImg.content(disk, "qcow2");
        AtomicBoolean stop = new AtomicBoolean();
        AtomicInteger rounds = new AtomicInteger();
        try (ExecutorService threads = Executors.newFixedThreadPool(READERS)) {
            List<Future<Integer>> readers = new ArrayList<>();
            for (int i = 0; i < READERS; i++) {
                Random random = new Random(i);
                readers.add(threads.submit(() -> read(disk, expected, random, stop, rounds)));
            }
            try {
                for (int round = 0; round < ROUNDS; round++) {
                    writeOverlay(disk.getFileName().toString(), round);
                    snapshot(disk, round);
                    replace(directory.resolve("base.qcow2"));
                    int before = rounds.get();
                    // Each round is seen by someone who opened the chain after it.
                    while (rounds.get() < before + READERS && readers.stream().noneMatch(Future::isDone)) {
                        Thread.onSpinWait();
                    }
                }
            } finally {
                stop.set(true);
            }
            for (Future<Integer> reader : readers) {
                assertThat(reader.get()).as("reads that went wrong").isZero();
            }
        }
        assertThat(QemuImg.content(disk, "qcow2")).isEqualTo(expected);
        assertThat(rounds.get()).isGreaterThan(ROUNDS * READERS);
    }

    /** One reader keeps the chain it opened first, beside those it opens again and again. */
    private int read(Path path, byte[] expected, Random random, AtomicBoolean stop, AtomicInteger rounds)
            throws IOException {
        int wrong = 0;
        try (DiskImage kept = open(path)) {
            while (!stop.get()) {
                try (DiskImage fresh = open(path)) {
                    for (int i = 0; i < 20; i++) {
                        int length = 1 + random.nextInt(30_000);
                        int offset = random.nextInt(expected.length - length);
                        byte[] content = new byte[length];
                        (i % 2 == 0 ? kept : fresh).read(offset, ByteBuffer.wrap(content));
                        wrong += Arrays.equals(content, 0, length, expected, offset, offset + length) ? 0 : 1;
                    }
                }
                rounds.incrementAndGet();
            }
        }
        return wrong;
    }

    private void writeOverlay(String parent, int round) throws IOException {
        Path path = overlay(parent, "beside-" + round + ".qcow2");
        Random random = new Random(round);
        try (WritableQcow2Image image =
                WritableQcow2Image.open(PosixFile.openForWriting(path), new SiblingResolver(directory))) {
            byte[] bytes = new byte[50_000];
            for (int i = 0; i < 20; i++) {
                random.nextBytes(bytes);
                image.write(random.nextLong(SIZE - bytes.length), ByteBuffer.wrap(bytes));
            }
        }
        assertThat(QemuImg.check(path)).doesNotContainKeys("corruptions", "leaks");
    }

    /** The disk's file gets a second name, as a parent, and an overlay takes its first one. */
    private void snapshot(Path disk, int round) throws IOException {
        String parent = "parent-" + round + ".qcow2";
        Files.createLink(directory.resolve(parent), disk);
        Files.move(overlay(parent, "next.qcow2"), disk, StandardCopyOption.ATOMIC_MOVE);
    }

    /** Another file of the same content takes its place. */
    private void replace(Path path) throws IOException {
        Path other = directory.resolve("other.qcow2");
        QemuImg.run("convert", "-q", "-f", "qcow2", "-O", "qcow2", path.toString(), other.toString());
        Files.move(other, path, StandardCopyOption.ATOMIC_MOVE);
    }

    private Path overlay(String parent, String name) throws IOException {
        Path path = directory.resolve(name);
        try (BlockFile file = PosixFile.create(path, 0660)) {
            FreshImage.overlay(file, SIZE, 16, new ImageIdentity(UUID.randomUUID(), name), parent);
            file.flush();
        }
        return path;
    }

    private DiskImage open(Path path) throws IOException {
        return ImageChain.open(ReadOnlyFile.open(path), ImageFormat.QCOW2, new SiblingResolver(directory));
    }
}
