package io.cowshed.engine.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.ImageFormat;
import io.cowshed.engine.block.ReadOnlyFile;
import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.oracle.QemuIo;
import io.cowshed.engine.posix.PosixFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Images of random chains that QEMU made are filled, and put on others, next to what {@code qemu-img rebase} makes of them. */
class BackingFillTests {

    private static final int SECTOR = 512;
    private static final int LARGEST = 3 << 20;
    private static final int CHAINS = Integer.getInteger("cowshed.chains", 7);

    private static final List<String> OPTIONS = List.of(
            "cluster_size=64k",
            "cluster_size=512",
            "cluster_size=4k",
            "cluster_size=16k,extended_l2=on",
            "cluster_size=64k,extended_l2=on",
            "cluster_size=2M,extended_l2=on",
            "cluster_size=4k,compat=0.10",
            "cluster_size=64k,refcount_bits=1",
            "cluster_size=4k,preallocation=metadata");

    @TempDir
    private Path directory;

    /** An image of a chain made at random, and what it may be put on. */
    private final class Case {
        final Random random;
        final Path image = directory.resolve("image");
        final byte[] content;

        Case(int seed) throws IOException {
            random = new Random(seed);
            for (String name : List.of("bottom", "middle", "image", "other", "theirs")) {
                Files.deleteIfExists(directory.resolve(name));
            }
            make("bottom", null);
            make("middle", "bottom");
            make("image", "middle");
            QemuImg.run("convert", "-q", "-O", "qcow2", file("middle"), file("other"));
            int size = size();
            QemuImg.run("resize", "-q", "--shrink", file("other"), Integer.toString(size));
            change("other", size, 0);
            content = QemuImg.content(image, "qcow2");
        }

        private int size() {
            return SECTOR * (1 + random.nextInt(LARGEST / SECTOR));
        }

        private void make(String name, @Nullable String below) {
            String options = OPTIONS.get(random.nextInt(OPTIONS.size()));
            List<String> create = new ArrayList<>(List.of("create", "-q", "-f", "qcow2"));
            // QEMU preallocates no overlay without subclusters.
            create.addAll(List.of("-o", below == null ? options : options.replace(",preallocation=metadata", "")));
            if (below != null) {
                create.addAll(List.of("-b", below, "-F", "qcow2"));
            }
            int size = size();
            create.addAll(List.of(file(name), Integer.toString(size)));
            QemuImg.run(create.toArray(String[]::new));
            boolean compressible = !options.contains("2M") && !options.contains("preallocation");
            change(name, size, compressible ? clusterSize(options) : 0);
        }

        /** {@code cluster} is 0 where nothing is to be compressed. */
        private void change(String name, int size, int cluster) {
            if (cluster > 0 && size >= cluster && random.nextBoolean()) {
                int from = random.nextInt(size / cluster) * cluster;
                QemuIo.run(directory.resolve(name), "qcow2", List.of("write -q -c -P 9 " + from + " " + cluster));
            }
            List<String> commands = new ArrayList<>();
            for (int i = random.nextInt(9); i >= 0; i--) {
                int from = SECTOR * random.nextInt(Math.ceilDiv(size, SECTOR));
                int length = Math.min(size - from, SECTOR * (1 + random.nextInt(600)));
                switch (random.nextInt(4)) {
                    case 0 -> commands.add("write -q -z " + from + " " + length);
                    case 1 -> commands.add("write -q -P 0 " + from + " " + length);
                    default -> commands.add("write -q -P " + (1 + random.nextInt(3)) + " " + from + " " + length);
                }
            }
            QemuIo.run(directory.resolve(name), "qcow2", commands);
        }

        /** One of the chain, another one like the parent, or nothing. */
        @Nullable
        String next() {
            return switch (random.nextInt(3)) {
                case 0 -> null;
                case 1 -> "bottom";
                default -> "other";
            };
        }

        void assertSound() throws IOException {
            assertThat(QemuImg.check(image)).doesNotContainKeys("corruptions", "leaks");
            assertThat(QemuImg.content(image, "qcow2")).isEqualTo(content);
        }
    }

    private static int clusterSize(String options) {
        String size = options.split("[=,]", -1)[1];
        return size.endsWith("k") ? Integer.parseInt(size.replace("k", "")) << 10 : Integer.parseInt(size);
    }

    private String file(String name) {
        return directory.resolve(name).toString();
    }

    private WritableQcow2Image open() throws IOException {
        return WritableQcow2Image.open(
                PosixFile.openForWriting(directory.resolve("image")), new SiblingResolver(directory));
    }

    private @Nullable DiskImage below(@Nullable String name) throws IOException {
        return name == null
                ? null
                : ImageChain.open(
                        ReadOnlyFile.open(directory.resolve(name)), ImageFormat.QCOW2, new SiblingResolver(directory));
    }

    private static byte[] read(DiskImage disk) throws IOException {
        byte[] content = new byte[(int) disk.virtualSize()];
        disk.read(0, ByteBuffer.wrap(content));
        return content;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3})
    void anImageReadsTheSameOnAnotherBackingImage(int part) throws Exception {
        for (int seed = part * CHAINS; seed < (part + 1) * CHAINS; seed++) {
            Case one = new Case(seed);
            String next = one.next();
            Files.copy(one.image, directory.resolve("theirs"));
            QemuImg.run("rebase", "-q", "-f", "qcow2", "-F", "qcow2", "-b", next == null ? "" : next, file("theirs"));
            AtomicLong done = new AtomicLong();
            try (WritableQcow2Image image = open();
                    DiskImage below = below(next)) {
                long work = BackingFill.work(image, image.header().geometry(), below);
                BackingFill.fill(image, below, done::addAndGet);
                assertThat(done).as("seed %d", seed).hasValue(work);
                assertThat(read(image)).as("seed %d, filled", seed).isEqualTo(one.content);
                image.changeBacking(next);
                assertThat(read(image)).as("seed %d, on %s", seed, next).isEqualTo(one.content);
                assertThat(BackingFill.work(image, image.header().geometry(), image.backing()))
                        .isZero();
            }
            one.assertSound();
            QemuImg.run("compare", "-q", file("image"), file("theirs"));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void whatIsTakenBackAtAnyMomentLeavesTheImageAsItWas(int part) throws Exception {
        for (int seed = 1000 + part * CHAINS; seed < 1000 + (part + 1) * CHAINS; seed++) {
            Case one = new Case(seed);
            String next = one.next();
            long mark;
            int calls = one.random.nextInt(30);
            long clusters = clusters(one);
            try (WritableQcow2Image image = open();
                    DiskImage below = below(next)) {
                mark = image.endCluster();
                int[] left = {calls};
                try {
                    BackingFill.fill(image, below, _ -> {
                        if (left[0]-- == 0) {
                            throw new CancellationException();
                        }
                    });
                } catch (CancellationException _) {
                    assertThat(left[0]).isNegative();
                }
            }
            one.assertSound();
            try (WritableQcow2Image image = open()) {
                image.uncover(mark);
                assertThat(read(image)).isEqualTo(one.content);
            }
            one.assertSound();
            assertThat(clusters(one)).as("seed %d", seed).isEqualTo(clusters);
        }
    }

    /** Clusters of the file that hold data of the disk, by qemu-img's account. */
    private long clusters(Case one) {
        return QemuImg.check(one.image).getOrDefault("allocated-clusters", 0L);
    }

    /** As when the process is killed: what reached the file is there, and the header still names the old backing file. */
    @Test
    void aSecondAttemptFillsOnlyWhatIsLeft() throws Exception {
        makeClone();
        byte[] content = QemuImg.content(directory.resolve("image"), "qcow2");
        long half = 0;
        try (WritableQcow2Image image = open()) {
            AtomicLong done = new AtomicLong();
            assertThatThrownBy(() -> BackingFill.fill(image, null, bytes -> {
                        if (done.addAndGet(bytes) >= 4 << 20) {
                            throw new CancellationException();
                        }
                    }))
                    .isInstanceOf(CancellationException.class);
            half = done.get();
            image.flush();
        }
        try (WritableQcow2Image image = open()) {
            AtomicLong done = new AtomicLong();
            BackingFill.fill(image, null, done::addAndGet);
            assertThat(done).hasValue((8 << 20) - half);
            image.changeBacking(null);
        }
        assertThat(QemuImg.content(directory.resolve("image"), "qcow2")).isEqualTo(content);
        assertThat(QemuImg.check(directory.resolve("image"))).doesNotContainKeys("corruptions", "leaks");
    }

    /** A guest may have written before an earlier attempt's work is taken back: its clusters stay. */
    @Test
    void whatAGuestWroteMeanwhileIsNotTakenBack() throws Exception {
        makeClone();
        long mark;
        try (WritableQcow2Image image = open()) {
            mark = image.endCluster();
            BackingFill.fill(image, null, _ -> {});
        }
        QemuIo.run(directory.resolve("image"), "qcow2", List.of("write -q -P 7 3M 1M"));
        byte[] content = QemuImg.content(directory.resolve("image"), "qcow2");
        try (WritableQcow2Image image = open()) {
            image.uncover(mark);
        }
        assertThat(QemuImg.content(directory.resolve("image"), "qcow2")).isEqualTo(content);
        long stored = QemuImg.map(directory.resolve("image"), "qcow2").stream()
                .filter(entry -> entry.depth() == 0 && entry.data())
                .mapToLong(QemuImg.MapEntry::length)
                .sum();
        assertThat(stored).isEqualTo(1 << 20);
    }

    @Test
    void anInterruptEndsItAndLeavesTheImageReadingTheSame() throws Exception {
        makeClone();
        byte[] content = QemuImg.content(directory.resolve("image"), "qcow2");
        try (WritableQcow2Image image = open()) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> BackingFill.fill(image, null, _ -> {})).isInstanceOf(InterruptedException.class);
        }
        assertThat(QemuImg.content(directory.resolve("image"), "qcow2")).isEqualTo(content);
        assertThat(QemuImg.check(directory.resolve("image"))).doesNotContainKeys("corruptions", "leaks");
    }

    /** What is the same place in the same file is not even counted. */
    @Test
    void onlyWhatTheParentHoldsIsCopiedToLieOnTheGrandparent() throws Exception {
        QemuImg.run("create", "-q", "-f", "qcow2", file("bottom"), "32M");
        QemuIo.run(directory.resolve("bottom"), "qcow2", List.of("write -q -P 1 0 16M"));
        QemuImg.run("create", "-q", "-f", "qcow2", "-b", "bottom", "-F", "qcow2", file("middle"));
        QemuIo.run(directory.resolve("middle"), "qcow2", List.of("write -q -P 2 4M 1M", "write -q -P 2 20M 1M"));
        QemuImg.run("create", "-q", "-f", "qcow2", "-b", "middle", "-F", "qcow2", file("image"));
        QemuIo.run(directory.resolve("image"), "qcow2", List.of("write -q -P 3 8M 8M", "write -q -P 3 20M 512k"));
        try (WritableQcow2Image image = open();
                DiskImage below = below("bottom")) {
            assertThat(BackingFill.work(image, image.header().geometry(), below))
                    .isEqualTo((1 << 20) + (512 << 10));
        }
    }

    @Test
    void whetherTheNameOfABackingImageFitsIsKnownBefore() throws Exception {
        QemuImg.run("create", "-q", "-f", "qcow2", "-o", "cluster_size=512", file("image"), "1M");
        try (WritableQcow2Image image = open()) {
            assertThat(image.hasRoomFor("b".repeat(40))).isTrue();
            assertThat(image.hasRoomFor("b".repeat(400))).isFalse();
            assertThat(image.hasRoomFor(null)).isTrue();
        }
    }

    /** A clone with nothing of its own of a base of 8 MiB of data. */
    private void makeClone() {
        QemuImg.run("create", "-q", "-f", "qcow2", file("bottom"), "16M");
        QemuIo.run(directory.resolve("bottom"), "qcow2", List.of("write -q -P 1 0 8M"));
        QemuImg.run("create", "-q", "-f", "qcow2", "-b", "bottom", "-F", "qcow2", file("image"));
    }
}
