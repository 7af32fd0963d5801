package io.cowshed.engine.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.engine.block.MemoryFile;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileCopyTests {

    private static final int LENGTH = 5_000_003;

    @TempDir
    private Path directory;

    private final byte[] bytes = new byte[LENGTH];

    FileCopyTests() {
        new Random(1).nextBytes(bytes);
    }

    @Test
    void copiesFromAnywhereToAnywhere() throws Exception {
        try (PosixFile source = file("source", bytes);
                PosixFile target = PosixFile.create(directory.resolve("target"), 0600)) {
            target.write(LENGTH, ByteBuffer.wrap(new byte[] {1}));
            assertThat(source.copyTo(13, 4_000_001, target, 7)).isEqualTo(4_000_001);
            byte[] copy = Files.readAllBytes(directory.resolve("target"));
            assertThat(Arrays.equals(copy, 7, 4_000_008, bytes, 13, 4_000_014)).isTrue();
            assertThat(copy[6]).isZero();
            assertThat(copy[4_000_008]).isZero();
            assertThat(copy[LENGTH]).isEqualTo((byte) 1);
        }
    }

    @Test
    void stopsAtTheEndOfTheSource() throws Exception {
        try (PosixFile source = file("source", bytes);
                PosixFile target = PosixFile.create(directory.resolve("target"), 0600)) {
            assertThat(source.copyTo(LENGTH - 5, 100, target, 0)).isEqualTo(5);
            assertThat(source.copyTo(LENGTH + 5, 100, target, 50)).isZero();
            assertThat(target.size()).isEqualTo(5);
        }
    }

    @Test
    void copiesToAndFromWhatIsNoFileOfTheKernels() throws Exception {
        MemoryFile memory = new MemoryFile("memory", new byte[0]);
        try (PosixFile source = file("source", bytes)) {
            assertThat(source.copyTo(1, LENGTH, memory, 2)).isEqualTo(LENGTH - 1);
        }
        assertThat(Arrays.equals(memory.bytes(), 2, LENGTH + 1, bytes, 1, LENGTH))
                .isTrue();
        try (PosixFile target = PosixFile.create(directory.resolve("target"), 0600)) {
            assertThat(memory.copyTo(2, LENGTH, target, 1)).isEqualTo(LENGTH - 1);
        }
        byte[] copy = Files.readAllBytes(directory.resolve("target"));
        assertThat(Arrays.equals(copy, 1, LENGTH, bytes, 1, LENGTH)).isTrue();
    }

    @Test
    void refusesAClosedFile() throws Exception {
        PosixFile target = PosixFile.create(directory.resolve("target"), 0600);
        target.close();
        try (PosixFile source = file("source", bytes)) {
            assertThatThrownBy(() -> source.copyTo(0, 10, target, 0)).isInstanceOf(ClosedChannelException.class);
        }
    }

    private PosixFile file(String name, byte[] content) throws Exception {
        return PosixFile.openForReading(Files.write(directory.resolve(name), content));
    }
}
