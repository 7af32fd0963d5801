package io.cowshed.engine.proof;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.block.CheckReport;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.Extent;
import io.cowshed.engine.block.ImageFormat;
import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.qcow2.ImageChain;
import io.cowshed.engine.qcow2.Qcow2Check;
import io.cowshed.engine.qcow2.WritableQcow2Image;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Random operations one after the other, on a disk and on an array of bytes: both hold the same, always. */
class ModelTests {

    private static final int SEQUENCES = Integer.getInteger("cowshed.model.sequences", 600);
    private static final int OPERATIONS = 60;

    /** One in so many is shown to QEMU at its end. */
    private static final int SHOWN = 40;

    @TempDir
    private Path directory;

    @Test
    void aDiskHoldsWhatWasWrittenToIt() throws IOException {
        List<Sample> samples =
                Sample.makeAll(directory).stream().filter(s -> !s.isLarge()).toList();
        ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
        IntStream.range(0, SEQUENCES).parallel().forEach(seed -> {
            Sample sample = samples.get(seed % samples.size());
            try {
                new Sequence(sample, seed).run();
            } catch (IOException | RuntimeException | AssertionError e) {
                failures.add(new AssertionError(sample + ", seed " + seed, e));
            }
        });
        if (!failures.isEmpty()) {
            throw new AssertionError(failures.size() + " sequences failed", failures.peek());
        }
        System.out.println("model: " + SEQUENCES + " sequences of " + OPERATIONS + " operations");
    }

    /** One sequence. */
    private final class Sequence {

        private final Sample sample;
        private final int seed;
        private final Random random;
        private final int mostBytes;
        private SectorFile file;
        private WritableQcow2Image image;
        private final DiskContent disk;

        Sequence(Sample sample, int seed) throws IOException {
            this.sample = sample;
            this.seed = seed;
            this.random = new Random(seed);
            this.file = sample.file().copy();
            byte[] content = sample.read(file);
            this.mostBytes = content.length + 20 * sample.cluster();
            this.disk = new DiskContent(content);
            this.image = open();
        }

        private WritableQcow2Image open() throws IOException {
            return WritableQcow2Image.open(file, sample.resolver());
        }

        void run() throws IOException {
            for (int i = 0; i < OPERATIONS; i++) {
                step();
                if (random.nextInt(8) == 0) {
                    assertThat(disk.isReadFrom(image))
                            .as("content after operation %d", i)
                            .isTrue();
                }
            }
            close();
            if (seed % SHOWN < 2) {
                show();
            }
        }

        private void step() throws IOException {
            switch (random.nextInt(20)) {
                case 0, 1 -> image.flush();
                case 2 -> resize();
                case 3 -> {
                    close();
                    if (seed % SHOWN == 0) {
                        takeSnapshot();
                    }
                    image = open();
                }
                case 4 -> DiskContent.fill(image);
                case 5 -> DiskContent.uncover(image);
                case 6 -> image.trim();
                default -> disk.change(image, random, sample.cluster());
            }
        }

        private void resize() throws IOException {
            int size = (1 + random.nextInt(mostBytes / SectorFile.SECTOR)) * SectorFile.SECTOR;
            if (!sample.hasSnapshot() && seed % SHOWN != 0) {
                disk.resize(image, size);
            }
        }

        private void close() throws IOException {
            image.close();
            CheckReport report = Qcow2Check.check(file);
            assertThat(report.errors()).as(report::toString).isZero();
            assertThat(report.leaks() == 0 || sample.hasBitmap())
                    .as(report::toString)
                    .isTrue();
            assertThat(sample.read(file)).isEqualTo(disk.bytes());
        }

        /** Below the writer, which must then leave alone what the snapshot holds. */
        private void takeSnapshot() throws IOException {
            Path path = write();
            QemuImg.run("snapshot", "-c", "s" + random.nextInt(1_000_000), path.toString());
            file = SectorFile.read(path);
        }

        private Path write() throws IOException {
            Path place = Files.createDirectories(directory.resolve("shown" + seed));
            for (Map.Entry<String, SectorFile> below : sample.below().entrySet()) {
                if (below.getKey().length() < 100) {
                    Files.write(place.resolve(below.getKey()), below.getValue().bytes());
                }
            }
            return Files.write(place.resolve("image.qcow2"), file.bytes());
        }

        private void show() throws IOException {
            Path path = write();
            Map<String, Long> check = QemuImg.check(path);
            assertThat(check).as("qemu-img check").doesNotContainKey("corruptions");
            assertThat(check.getOrDefault("leaks", 0L) == 0 || sample.hasBitmap())
                    .isTrue();
            assertThat(QemuImg.content(path, "qcow2")).isEqualTo(disk.bytes());
            List<QemuImg.MapEntry> shown = QemuImg.map(path, "qcow2");
            try (DiskImage read = ImageChain.open(SectorFile.read(path), ImageFormat.QCOW2, sample.resolver())) {
                for (QemuImg.MapEntry entry : shown) {
                    for (long at = entry.start(); at < entry.start() + entry.length(); ) {
                        Extent extent = read.extentAt(at, entry.start() + entry.length() - at);
                        assertThat(extent.zero()).as("zero at %d", at).isEqualTo(entry.zero());
                        assertThat(extent.data()).as("data at %d", at).isEqualTo(entry.data());
                        assertThat(extent.depth()).as("depth at %d", at).isEqualTo(entry.depth());
                        at = extent.end();
                    }
                }
            }
        }
    }
}
