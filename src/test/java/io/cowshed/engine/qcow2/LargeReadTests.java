package io.cowshed.engine.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.block.BackingResolver;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.ImageFormat;
import io.cowshed.engine.block.MemoryFile;
import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.oracle.QemuIo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LargeReadTests {

    /** The file is read once for each run of clusters, and for each page of tables that is not known yet. */
    @ParameterizedTest
    @CsvSource({"64k, 1", "4k, 3", "extended, 1"})
    void clustersThatLieSideBySideAreReadInOnePiece(String kind, int runs, @TempDir Path directory) throws IOException {
        String options = kind.equals("extended") ? "cluster_size=64k,extended_l2=on" : "cluster_size=" + kind;
        Path path = directory.resolve("large.qcow2");
        QemuImg.run("create", "-q", "-f", "qcow2", "-o", options, path.toString(), "4M");
        QemuIo.run(path, "qcow2", List.of("write -q -P 7 0 4M"));
        MemoryFile file = new MemoryFile("large", Files.readAllBytes(path));
        try (DiskImage image = ImageChain.open(file, ImageFormat.QCOW2, BackingResolver.NONE)) {
            byte[] content = new byte[4 << 20];
            image.read(0, ByteBuffer.wrap(content));
            assertThat(content).containsOnly(7);
            int before = file.reads();
            image.read(0, ByteBuffer.wrap(content));
            assertThat(file.reads() - before).isLessThanOrEqualTo(runs);
        }
    }
}
