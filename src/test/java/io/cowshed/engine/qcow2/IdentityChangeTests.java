package io.cowshed.engine.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.engine.block.FaultyFile;
import io.cowshed.engine.block.MemoryFile;
import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.oracle.QemuIo;
import io.cowshed.engine.posix.PosixFile;
import io.cowshed.engine.qcow2.format.HeaderExtension;
import io.cowshed.engine.qcow2.format.ImageIdentity;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class IdentityChangeTests {

    private static final ImageIdentity SHORT = new ImageIdentity(new UUID(1, 2), "a");
    private static final ImageIdentity LONG = new ImageIdentity(new UUID(3, 4), "ä".repeat(127) + "b");
    private static final String NAME = "01890a5d-ac96-774b-bcce-b302099a8057.qcow2";

    @TempDir
    private Path directory;

    static Stream<List<ImageIdentity>> pairs() {
        ImageIdentity other = new ImageIdentity(new UUID(5, 6), "an image");
        return Stream.of(List.of(SHORT, LONG), List.of(LONG, SHORT), List.of(other, other), List.of(other, SHORT));
    }

    @ParameterizedTest
    @MethodSource("pairs")
    void anImageThatWasMadeHereBecomesAnother(List<ImageIdentity> pair) throws Exception {
        for (int clusterBits : new int[] {9, 16, 21}) {
            for (String backing : new String[] {"", NAME}) {
                MemoryFile file = new MemoryFile("image", new byte[0]);
                if (backing.isEmpty()) {
                    FreshImage.blank(file, 1 << 20, clusterBits, pair.getFirst());
                } else {
                    FreshImage.overlay(file, 1 << 20, clusterBits, pair.getFirst(), backing);
                }
                byte[] before = file.bytes().clone();
                Qcow2Header header = Qcow2HeaderReader.read(file);
                IdentityChange.write(file, pair.getLast());
                assertThat(Qcow2HeaderReader.read(file))
                        .isEqualTo(header.withExtensions(replaced(header, pair.getLast())));
                assertOneSectorChanged(before, file.bytes());
            }
        }
    }

    @Test
    void anAdoptedImageBecomesAnotherToo() throws Exception {
        Path image = directory.resolve("image.qcow2");
        QemuImg.run(
                "create", "-q", "-f", "qcow2", directory.resolve("base.qcow2").toString(), "1M");
        QemuImg.run("create", "-q", "-f", "qcow2", "-b", "base.qcow2", "-F", "qcow2", image.toString(), "1M");
        QemuIo.run(image, "qcow2", List.of("write -q -P 5 100k 300k"));
        byte[] content = QemuImg.content(image, "qcow2");
        for (ImageIdentity identity : List.of(LONG, SHORT, LONG)) {
            byte[] before;
            try (PosixFile file = PosixFile.openForWriting(image)) {
                if (Qcow2HeaderReader.read(file).identity() == null) {
                    Adoption.adopt(file, SHORT);
                }
                before = Files.readAllBytes(image);
                IdentityChange.write(file, identity);
                assertThat(Qcow2HeaderReader.read(file).identity()).isEqualTo(identity);
            }
            assertOneSectorChanged(before, Files.readAllBytes(image));
            assertThat(QemuImg.run("check", "-f", "qcow2", image.toString())).contains("No errors were found");
            assertThat(QemuImg.run("info", "-f", "qcow2", image.toString())).contains("backing file: base.qcow2");
            assertThat(QemuImg.content(image, "qcow2")).isEqualTo(content);
        }
    }

    /** As long as the sector that the identity lies in is the only one that changes, other extensions are no matter. */
    @Test
    void anIdentityFarBehindChangesInPlace() throws Exception {
        MemoryFile file = imageWithUnknownExtension(700);
        ImageIdentity same = new ImageIdentity(new UUID(7, 8), "b");
        byte[] before = file.bytes().clone();
        IdentityChange.write(file, same);
        assertThat(Qcow2HeaderReader.read(file).identity()).isEqualTo(same);
        assertOneSectorChanged(before, file.bytes());
    }

    @Test
    void refusesWhereMoreThanASectorWouldChangeAndWritesNothing() throws Exception {
        MemoryFile file = imageWithUnknownExtension(700);
        byte[] before = file.bytes().clone();
        assertThatThrownBy(() -> IdentityChange.write(file, LONG)).isInstanceOf(NoRoomForIdentityException.class);
        assertThat(file.bytes()).isEqualTo(before);
    }

    @Test
    void failsAsTheFileFails() throws Exception {
        MemoryFile memory = new MemoryFile("image", new byte[0]);
        FreshImage.blank(memory, 1 << 20, 16, SHORT);
        FaultyFile file = new FaultyFile(memory);
        file.failFlushes(true);
        assertThatThrownBy(() -> IdentityChange.write(file, LONG)).isInstanceOf(IOException.class);
        file.failWrites(true);
        assertThatThrownBy(() -> IdentityChange.write(file, LONG)).isInstanceOf(IOException.class);
    }

    private static MemoryFile imageWithUnknownExtension(int length) throws IOException {
        MemoryFile file = new MemoryFile("image", new byte[0]);
        FreshImage.blank(file, 1 << 20, 16, SHORT);
        Qcow2Header header = Qcow2HeaderReader.read(file);
        List<HeaderExtension> extensions = new ArrayList<>(header.extensions());
        extensions.addFirst(new HeaderExtension.Unknown(0x12345678, ByteBuffer.allocate(length)));
        file.write(0, header.withExtensions(extensions).encode());
        return file;
    }

    private static List<HeaderExtension> replaced(Qcow2Header header, ImageIdentity identity) {
        return header.extensions().stream()
                .map(extension -> extension.type() == ImageIdentity.EXTENSION_TYPE
                        ? new HeaderExtension.Identity(identity)
                        : extension)
                .toList();
    }

    private static void assertOneSectorChanged(byte[] before, byte[] after) {
        assertThat(after).hasSameSizeAs(before);
        long changed = 0;
        for (int at = 0; at < before.length; at += HeaderEditor.SECTOR) {
            int end = Math.min(before.length, at + HeaderEditor.SECTOR);
            changed += java.util.Arrays.equals(before, at, end, after, at, end) ? 0 : 1;
        }
        assertThat(changed).isLessThanOrEqualTo(1);
    }
}
