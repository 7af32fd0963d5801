package io.cowshed.engine.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.engine.block.BackingFileException;
import io.cowshed.engine.block.BackingResolver;
import io.cowshed.engine.block.CorruptImageException;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.ImageFormat;
import io.cowshed.engine.block.MemoryFile;
import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.qcow2.format.Qcow2Limits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageChainTests {

    private static final int NAME_AT = 2048;

    private byte[] blank = new byte[0];

    @BeforeEach
    void makeBlankImage(@TempDir Path directory) throws IOException {
        Path path = directory.resolve("blank.qcow2");
        QemuImg.run("create", "-q", "-f", "qcow2", "-o", "cluster_size=4k", path.toString(), "1M");
        blank = Files.readAllBytes(path);
    }

    private MemoryFile overlay(String name, String backing) {
        byte[] text = backing.getBytes(StandardCharsets.UTF_8);
        MemoryFile file = new MemoryFile(name, blank);
        ByteBuffer.wrap(file.bytes())
                .putLong(8, NAME_AT)
                .putInt(16, text.length)
                .put(NAME_AT, text);
        return file;
    }

    @Test
    void refusesAFileAmongItsOwnBackingFiles() {
        List<MemoryFile> opened = new ArrayList<>();
        BackingResolver circle = (file, name, format) -> {
            MemoryFile next = overlay(name, name.equals("b") ? "c" : "a");
            opened.add(next);
            return new BackingResolver.Backing(next, ImageFormat.QCOW2);
        };
        MemoryFile top = overlay("a", "b");
        assertThatThrownBy(() -> ImageChain.open(top, ImageFormat.QCOW2, circle))
                .isInstanceOf(BackingFileException.class)
                .hasMessageContaining("among its own backing files");
        assertThat(opened).hasSize(3).allMatch(MemoryFile::isClosed);
        assertThat(top.isClosed()).isTrue();
    }

    @Test
    void refusesAnEndlessChain() {
        List<MemoryFile> opened = new ArrayList<>();
        BackingResolver endless = (file, name, format) -> {
            MemoryFile next = overlay(name, "image" + (opened.size() + 1));
            opened.add(next);
            return new BackingResolver.Backing(next, ImageFormat.QCOW2);
        };
        assertThatThrownBy(() -> ImageChain.open(overlay("top", "image0"), ImageFormat.QCOW2, endless))
                .isInstanceOf(BackingFileException.class)
                .hasMessageContaining("too long");
        assertThat(opened).hasSize(Qcow2Limits.MAX_CHAIN_LENGTH).allMatch(MemoryFile::isClosed);
    }

    @Test
    void readsTheLongestChainThatIsAllowed() throws IOException {
        byte[] content = new byte[1 << 20];
        content[77] = 7;
        int[] made = {1};
        BackingResolver resolver = (file, name, format) -> ++made[0] == Qcow2Limits.MAX_CHAIN_LENGTH
                ? new BackingResolver.Backing(new MemoryFile("base", content), ImageFormat.RAW)
                : new BackingResolver.Backing(overlay("image" + made[0], "next"), ImageFormat.QCOW2);
        try (DiskImage image = ImageChain.open(overlay("top", "next"), ImageFormat.QCOW2, resolver)) {
            ByteBuffer target = ByteBuffer.allocate(1);
            image.read(77, target);
            assertThat(target.get(0)).isEqualTo((byte) 7);
            assertThat(image.extentAt(77, 1).depth()).isEqualTo(Qcow2Limits.MAX_CHAIN_LENGTH - 1);
        }
    }

    @Test
    void readsABackingFileAsWhatTheResolverSaysAndNotAsWhatItLooksLike() throws IOException {
        MemoryFile looksLikeQcow2 = new MemoryFile("base", blank);
        BackingResolver asRaw = (file, name, format) -> new BackingResolver.Backing(looksLikeQcow2, ImageFormat.RAW);
        try (DiskImage image = ImageChain.open(overlay("top", "base"), ImageFormat.QCOW2, asRaw)) {
            ByteBuffer target = ByteBuffer.allocate(4);
            image.read(0, target);
            assertThat(target.getInt(0)).isEqualTo(0x514649fb);
        }
    }

    @Test
    void closingTheImageClosesAllItsFiles() throws IOException {
        MemoryFile top = overlay("top", "base");
        MemoryFile base = new MemoryFile("base", new byte[512]);
        DiskImage image = ImageChain.open(
                top, ImageFormat.QCOW2, (file, name, format) -> new BackingResolver.Backing(base, ImageFormat.RAW));
        assertThat(base.isClosed()).isFalse();
        image.close();
        assertThat(top.isClosed()).isTrue();
        assertThat(base.isClosed()).isTrue();
    }

    @Test
    void aDamagedBackingFileClosesAllThatWasOpened() {
        MemoryFile top = overlay("top", "base");
        MemoryFile base = new MemoryFile("base", new byte[512]);
        assertThatThrownBy(() -> ImageChain.open(
                        top,
                        ImageFormat.QCOW2,
                        (file, name, format) -> new BackingResolver.Backing(base, ImageFormat.QCOW2)))
                .isInstanceOf(CorruptImageException.class)
                .hasMessageStartingWith("base: ");
        assertThat(top.isClosed()).isTrue();
        assertThat(base.isClosed()).isTrue();
    }

    @Test
    void passesTheNameAndTheDeclaredFormatToTheResolver(@TempDir Path directory) throws IOException {
        Path path = directory.resolve("overlay.qcow2");
        QemuImg.run("create", "-q", "-f", "qcow2", "-u", "-b", "näme", "-F", "raw", path.toString(), "1M");
        List<String> asked = new ArrayList<>();
        BackingResolver resolver = (file, name, format) -> {
            asked.add(file + " " + name + " " + format);
            return new BackingResolver.Backing(new MemoryFile("base", new byte[0]), ImageFormat.RAW);
        };
        MemoryFile file = new MemoryFile("top", Files.readAllBytes(path));
        try (DiskImage image = ImageChain.open(file, ImageFormat.QCOW2, resolver)) {
            assertThat(image.virtualSize()).isEqualTo(1 << 20);
        }
        assertThat(asked).containsExactly("top näme raw");
    }
}
