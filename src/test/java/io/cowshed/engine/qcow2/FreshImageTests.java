package io.cowshed.engine.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.oracle.QemuIo;
import io.cowshed.engine.posix.PosixFile;
import io.cowshed.engine.qcow2.format.ImageIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class FreshImageTests {

    private static final ImageIdentity IDENTITY = new ImageIdentity(new UUID(3, 4), "n".repeat(255));

    @TempDir
    private Path directory;

    static IntStream clusterBits() {
        return IntStream.rangeClosed(9, 21);
    }

    @ParameterizedTest
    @MethodSource("clusterBits")
    void blankImagesAreSoundAtEveryClusterSize(int clusterBits) throws Exception {
        for (long size : new long[] {0, 1, 512, 70_000, 1L << 30, (128L << 30) - 512}) {
            Path image = directory.resolve(size + ".qcow2");
            try (PosixFile file = PosixFile.create(image, 0600)) {
                assertThat(FreshImage.blank(file, size, clusterBits, IDENTITY)).isEqualTo((size + 511) / 512 * 512);
            }
            assertSound(image);
            assertThat(QemuImg.run("info", "--output=json", image.toString()))
                    .contains("\"virtual-size\": " + (size + 511) / 512 * 512)
                    .contains("\"cluster-size\": " + (1 << clusterBits));
            if (size >= 70_000) {
                QemuIo.run(
                        image, "qcow2", List.of("write -P 7 1000 60000", "read -P 7 1000 60000", "read -P 0 0 1000"));
                assertSound(image);
            }
        }
    }

    private static void assertSound(Path image) {
        assertThat(QemuImg.run("check", "-f", "qcow2", image.toString())).contains("No errors were found");
    }

    @ParameterizedTest
    @ValueSource(longs = {1L << 40, 64L << 40, 1L << 50})
    void largeDisksAreSoundAndSmall(long size) throws Exception {
        Path image = directory.resolve("large.qcow2");
        try (PosixFile file = PosixFile.create(image, 0600)) {
            FreshImage.blank(file, size, 16, IDENTITY);
            assertThat(file.allocatedSize()).isLessThanOrEqualTo(24 << 10);
        }
        assertSound(image);
        QemuIo.run(image, "qcow2", List.of("write -P 7 " + (size - 65536) + " 64k"));
        assertSound(image);
        try (PosixFile file = PosixFile.openForReading(image)) {
            assertThat(Qcow2HeaderReader.read(file).identity()).isEqualTo(IDENTITY);
        }
    }

    @Test
    void anOverlayShowsItsBackingAndTakesFewKilobytes() throws Exception {
        Path base = directory.resolve("base.qcow2");
        QemuImg.run("create", "-q", "-f", "qcow2", base.toString(), "8G");
        QemuIo.run(base, "qcow2", List.of("write -P 5 1M 300k", "write -P 6 7G 64k"));
        Path overlay = directory.resolve("overlay.qcow2");
        CountingFile writes;
        try (PosixFile file = PosixFile.create(overlay, 0600)) {
            writes = new CountingFile(file);
            FreshImage.overlay(writes, 8L << 30, 16, IDENTITY, "base.qcow2");
            file.flush();
            assertThat(file.allocatedSize()).isLessThanOrEqualTo(24 << 10);
        }
        assertThat(writes.lengths).hasSizeLessThanOrEqualTo(4).allMatch(length -> length <= 4096);
        assertSound(overlay);
        assertThat(QemuImg.run("info", "--output=json", overlay.toString()))
                .contains("\"backing-filename\": \"base.qcow2\"")
                .contains("\"backing-filename-format\": \"qcow2\"");
        QemuImg.run("compare", base.toString(), overlay.toString());
        QemuIo.run(overlay, "qcow2", List.of("read -P 5 1M 300k", "write -P 9 1M 4k", "read -P 5 1028k 4k"));
        assertSound(overlay);
    }

    /** Remembers how long each write was. */
    private static final class CountingFile implements io.cowshed.engine.block.BlockFile {
        private final PosixFile file;
        private final java.util.ArrayList<Integer> lengths = new java.util.ArrayList<>();

        CountingFile(PosixFile file) {
            this.file = file;
        }

        @Override
        public String name() {
            return file.name();
        }

        @Override
        public Object key() {
            return file.key();
        }

        @Override
        public long size() throws IOException {
            return file.size();
        }

        @Override
        public int read(long position, java.nio.ByteBuffer target) throws IOException {
            return file.read(position, target);
        }

        @Override
        public void write(long position, java.nio.ByteBuffer source) throws IOException {
            lengths.add(source.remaining());
            file.write(position, source);
        }

        @Override
        public void setSize(long size) throws IOException {
            file.setSize(size);
        }

        @Override
        public void punchHole(long position, long length) throws IOException {
            file.punchHole(position, length);
        }

        @Override
        public void flush() throws IOException {
            file.flush();
        }

        @Override
        public long nextData(long position) throws IOException {
            return file.nextData(position);
        }

        @Override
        public long nextHole(long position) throws IOException {
            return file.nextHole(position);
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }

    @Test
    void anOverlayMayBeLargerThanItsBacking() throws Exception {
        Path base = directory.resolve("base.qcow2");
        QemuImg.run("create", "-q", "-f", "qcow2", base.toString(), "1M");
        QemuIo.run(base, "qcow2", List.of("write -P 5 0 1M"));
        Path overlay = directory.resolve("overlay.qcow2");
        try (PosixFile file = PosixFile.create(overlay, 0600)) {
            FreshImage.overlay(file, 3 << 20, 9, new ImageIdentity(new UUID(0, 1), "a"), "base.qcow2");
        }
        assertSound(overlay);
        QemuIo.run(overlay, "qcow2", List.of("read -P 5 0 1M", "read -P 0 1M 2M"));
    }

    @Test
    void refusesNamesThatAreNotBareAndSizesThatDoNotFit() throws Exception {
        Path image = directory.resolve("image.qcow2");
        try (PosixFile file = PosixFile.create(image, 0600)) {
            for (String name : List.of("", "../base.qcow2", "/base", "nbd:host", "json:{}")) {
                assertThatThrownBy(() -> FreshImage.overlay(file, 1024, 16, IDENTITY, name))
                        .isInstanceOf(IllegalArgumentException.class);
            }
            assertThatThrownBy(() -> FreshImage.blank(file, (128L << 30) + 1, 9, IDENTITY))
                    .isInstanceOf(ImageTooLargeException.class);
            assertThatThrownBy(() -> FreshImage.blank(file, -1, 16, IDENTITY))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(Files.size(image)).isZero();
    }
}
