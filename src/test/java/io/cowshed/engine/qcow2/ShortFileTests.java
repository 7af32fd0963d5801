package io.cowshed.engine.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.engine.block.BackingResolver;
import io.cowshed.engine.block.CorruptImageException;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.ImageFormat;
import io.cowshed.engine.block.ReadOnlyFile;
import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.oracle.QemuIo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that end within, or before, the clusters of the disk. */
class ShortFileTests {

    private static final int DISK = 1 << 20;

    @Test
    void whatTheFileDoesNotReachReadsAsZerosAsInQemu(@TempDir Path directory) throws IOException {
        Path path = directory.resolve("short.qcow2");
        QemuImg.run("create", "-q", "-f", "qcow2", path.toString(), Integer.toString(DISK));
        QemuIo.run(path, "qcow2", List.of("write -q -P 1 0 64k", "write -q -P 2 64k 64k", "write -q -P 3 128k 64k"));
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
            channel.truncate(channel.size() - (100 << 10));
        }
        try (DiskImage image = ImageChain.open(ReadOnlyFile.open(path), ImageFormat.QCOW2, BackingResolver.NONE)) {
            byte[] content = new byte[DISK];
            image.read(0, ByteBuffer.wrap(content));
            assertThat(content).isEqualTo(QemuImg.content(path, "qcow2"));
            assertThat(content[(92 << 10) - 1]).isEqualTo((byte) 2);
            assertThat(content[92 << 10]).isZero();
        }
        try (ReadOnlyFile file = ReadOnlyFile.open(path)) {
            assertThatThrownBy(() -> Qcow2Validation.validate(file))
                    .isInstanceOf(CorruptImageException.class)
                    .hasMessageContaining("beyond the end of the file");
        }
    }
}
