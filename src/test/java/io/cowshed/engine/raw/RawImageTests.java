package io.cowshed.engine.raw;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.engine.block.CorruptImageException;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.Extent;
import io.cowshed.engine.block.Extents;
import io.cowshed.engine.block.MemoryFile;
import io.cowshed.engine.block.ReadOnlyFile;
import io.cowshed.engine.oracle.QemuImg;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RawImageTests {

    @Test
    void mapsHolesAsQemuDoes(@TempDir Path directory) throws IOException {
        Path path = directory.resolve("sparse.raw");
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate(5000), 1 << 20);
            channel.write(ByteBuffer.wrap(new byte[] {1}), (4L << 30) - 1);
            channel.force(true);
        }
        List<QemuImg.MapEntry> entries = new ArrayList<>();
        try (DiskImage image = new RawImage(ReadOnlyFile.open(path))) {
            Extents extents = Extents.of(image);
            for (Extent extent = extents.next(); extent != null; extent = extents.next()) {
                entries.add(new QemuImg.MapEntry(
                        extent.start(),
                        extent.length(),
                        extent.depth(),
                        extent.present(),
                        extent.zero(),
                        extent.data(),
                        extent.offset()));
            }
        }
        assertThat(entries).hasSize(4).isEqualTo(QemuImg.map(path, "raw"));
    }

    @Test
    void aDiskMayBeOneByteLong() throws IOException {
        try (DiskImage image = new RawImage(new MemoryFile("raw", new byte[] {42}))) {
            assertThat(image.virtualSize()).isEqualTo(1);
            ByteBuffer target = ByteBuffer.allocate(1);
            image.read(0, target);
            assertThat(target.get(0)).isEqualTo((byte) 42);
            assertThat(image.extentAt(0, 4096))
                    .isEqualTo(new Extent(0, 1, 0, true, false, true, false, OptionalLong.of(0)));
        }
    }

    @Test
    void refusesToReadOutsideTheDisk() throws IOException {
        try (DiskImage image = new RawImage(new MemoryFile("raw", new byte[1000]))) {
            assertThatThrownBy(() -> image.read(999, ByteBuffer.allocate(2)))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> image.read(-1, ByteBuffer.allocate(1)))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> image.extentAt(1000, 1)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> image.extentAt(0, 0)).isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void aFileThatBecameShorterIsNotReadAsZeros() throws IOException {
        MemoryFile file = new MemoryFile("raw", new byte[1000]);
        try (DiskImage image = new RawImage(file)) {
            file.setSize(900);
            assertThatThrownBy(() -> image.read(890, ByteBuffer.allocate(20)))
                    .isInstanceOf(CorruptImageException.class);
        }
    }
}
