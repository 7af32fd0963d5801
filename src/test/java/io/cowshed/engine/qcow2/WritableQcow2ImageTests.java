package io.cowshed.engine.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.posix.PosixFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Fresh images that are written in place are what QEMU takes them for. */
class WritableQcow2ImageTests {

    @TempDir
    private Path directory;

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            compat=1.1,cluster_size=512                                   | 512
            compat=0.10,cluster_size=4096                                 | 4096
            compat=1.1,cluster_size=4096,refcount_bits=64                 | 4096
            compat=1.1,cluster_size=64k                                   | 65536
            """)
    void writesABlankDisk(String options, int cluster) throws IOException {
        Path path = directory.resolve("disk.qcow2");
        QemuImg.run("create", "-q", "-f", "qcow2", "-o", options, path.toString(), "3000320");
        DiskModel model = new DiskModel(new byte[3000320], cluster, new Random(cluster));
        for (int round = 0; round < 3; round++) {
            try (WritableQcow2Image image = open(path)) {
                for (int i = 0; i < 40; i++) {
                    model.change(image);
                }
                model.assertIsRead(image);
            }
            assertThat(QemuImg.run("check", path.toString())).contains("No errors were found");
            model.assertIs(QemuImg.content(path, "qcow2"));
        }
    }

    private WritableQcow2Image open(Path path) throws IOException {
        return WritableQcow2Image.open(PosixFile.openForWriting(path), new SiblingResolver(directory));
    }
}
