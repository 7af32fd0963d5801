package io.cowshed.engine.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.testing.MountedVolume;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SharedSizeTests {

    private static final int LENGTH = 1 << 20;

    @TempDir
    private Path directory;

    @Test
    void nothingIsSharedOnExt4() throws Exception {
        try (MountedVolume _ = MountedVolume.ext4(directory.resolve("ext4"), 16 << 20, directory.resolve("volume"))) {
            assertThat(sharedAfterCopy(LENGTH)).isEqualTo(OptionalLong.of(0));
        }
    }

    @Test
    void tmpfsDoesNotSay() throws Exception {
        try (MountedVolume _ = MountedVolume.tmpfs(directory.resolve("volume"), "size=16m")) {
            assertThat(sharedAfterCopy(LENGTH)).isEmpty();
        }
    }

    @Test
    void whatTheKernelCopiesOnXfsIsShared() throws Exception {
        try (MountedVolume _ = MountedVolume.xfs(directory.resolve("xfs"), 320 << 20, directory.resolve("volume"))) {
            assertThat(sharedAfterCopy(LENGTH)).isEqualTo(OptionalLong.of(LENGTH));
        }
    }

    /** More pieces than one call tells of, every other one shared. */
    @Test
    void countsAFileOfManyPieces() throws Exception {
        try (MountedVolume _ = MountedVolume.xfs(directory.resolve("xfs"), 320 << 20, directory.resolve("volume"))) {
            int piece = 4096;
            int pieces = 500;
            try (PosixFile source = PosixFile.create(directory.resolve("volume/source"), 0600);
                    PosixFile copy = PosixFile.create(directory.resolve("volume/copy"), 0600)) {
                source.write(0, ones(2 * pieces * piece));
                source.flush();
                for (int i = 0; i < pieces; i++) {
                    long at = 2L * i * piece;
                    source.copyTo(at, piece, copy, at);
                    copy.write(at + piece, ones(piece));
                }
                copy.flush();
                assertThat(copy.sharedSize()).hasValue((long) pieces * piece);
                assertThat(source.sharedSize()).hasValue((long) pieces * piece);
            }
        }
    }

    @Test
    void refusesAClosedFile() throws Exception {
        PosixFile file = PosixFile.create(directory.resolve("closed"), 0600);
        file.close();
        assertThatThrownBy(file::sharedSize).isInstanceOf(ClosedChannelException.class);
    }

    private OptionalLong sharedAfterCopy(int length) throws Exception {
        try (PosixFile source = PosixFile.create(directory.resolve("volume/source"), 0600);
                PosixFile copy = PosixFile.create(directory.resolve("volume/copy"), 0600)) {
            source.write(0, ones(length));
            source.flush();
            if (source.sharedSize().isPresent()) {
                assertThat(source.sharedSize()).hasValue(0);
            }
            source.copyTo(0, length, copy, 0);
            copy.flush();
            return copy.sharedSize();
        }
    }

    private static ByteBuffer ones(int length) {
        ByteBuffer ones = ByteBuffer.allocate(length);
        while (ones.hasRemaining()) {
            ones.put((byte) 1);
        }
        return ones.flip();
    }
}
