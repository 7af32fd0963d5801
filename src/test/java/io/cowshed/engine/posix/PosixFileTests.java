package io.cowshed.engine.posix;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PosixFileTests {

    @TempDir
    private Path directory;

    @Test
    void makesAFileWithExactlyTheModeAskedFor() throws IOException {
        Path path = directory.resolve("new");
        try (PosixFile file = PosixFile.create(path, 0666)) {
            assertThat(file.status().permissions()).isEqualTo(0666);
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                    .isEqualTo("rw-rw-rw-");
            file.setMode(0444);
            assertThat(file.status().permissions()).isEqualTo(0444);
        }
    }

    @Test
    void givesSpaceBackWhereAHoleIsPunched() throws IOException {
        int length = 1 << 20;
        try (PosixFile file = PosixFile.create(directory.resolve("holes"), 0600)) {
            ByteBuffer ones = ByteBuffer.allocate(length);
            while (ones.hasRemaining()) {
                ones.put((byte) 1);
            }
            file.write(0, ones.flip());
            file.flush();
            long before = file.allocatedSize();
            file.punchHole(4096, length);
            assertThat(file.size()).isEqualTo(length);
            assertThat(file.allocatedSize()).isLessThan(before);
            ByteBuffer content = ByteBuffer.allocate(length);
            file.read(0, content);
            assertThat(content.get(4095)).isEqualTo((byte) 1);
            assertThat(content.slice(4096, length - 4096)).isEqualTo(ByteBuffer.allocate(length - 4096));
        }
    }

    @Test
    void neverMakesAFileOverAnother() throws IOException {
        Path path = Files.createFile(directory.resolve("old"));
        Path dangling = Files.createSymbolicLink(directory.resolve("dangling"), Path.of("nowhere"));
        assertThatThrownBy(() -> PosixFile.create(path, 0600)).isInstanceOf(FileAlreadyExistsException.class);
        assertThatThrownBy(() -> PosixFile.create(dangling, 0600)).isInstanceOf(FileAlreadyExistsException.class);
        assertThat(directory.resolve("nowhere")).doesNotExist();
    }

    @Test
    void opensNothingButRegularFiles() throws Exception {
        Path target = Files.createFile(directory.resolve("target"));
        Path link = Files.createSymbolicLink(directory.resolve("link"), target);
        Path fifo = directory.resolve("fifo");
        assertThat(new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor())
                .isZero();
        Path socket = directory.resolve("socket");
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(socket));
            refuses(link, "a symbolic link");
            refuses(fifo, "a FIFO");
            refuses(directory, "a directory");
            refuses(socket, "a socket");
            refuses(Path.of("/dev/null"), "a character device");
        }
        assertThatThrownBy(() -> PosixFile.openForReading(directory.resolve("none")))
                .isInstanceOf(NoSuchFileException.class);
    }

    private static void refuses(Path path, String type) {
        assertThatThrownBy(() -> PosixFile.openForReading(path))
                .isInstanceOf(NotRegularFileException.class)
                .hasMessageContaining(type);
        assertThatThrownBy(() -> PosixFile.openForWriting(path))
                .isInstanceOf(NotRegularFileException.class)
                .hasMessageContaining(type);
    }

    @Test
    void leavesNoDescriptorBehindWhereItRefuses() throws IOException {
        refuses(directory, "a directory");
        assertThat(Descriptors.of(directory)).isEmpty();
    }

    @Test
    void readsWhatWasWrittenAndStopsAtTheEnd() throws IOException {
        try (PosixFile file = PosixFile.create(directory.resolve("data"), 0600)) {
            file.write(5, ByteBuffer.wrap("hello".getBytes(UTF_8)));
            file.flush();
            assertThat(file.size()).isEqualTo(10);
            ByteBuffer target = ByteBuffer.allocate(8);
            assertThat(file.read(4, target)).isEqualTo(6);
            assertThat(target.array()).isEqualTo("\0hello\0\0".getBytes(UTF_8));
            assertThat(file.read(10, target)).isZero();
            assertThat(file.read(1L << 40, target)).isZero();
        }
    }

    @Test
    void growsAndShrinks() throws IOException {
        try (PosixFile file = PosixFile.create(directory.resolve("data"), 0600)) {
            file.write(0, ByteBuffer.wrap(new byte[] {1, 2, 3}));
            file.setSize(1);
            file.setSize(4096);
            ByteBuffer target = ByteBuffer.allocate(4096);
            assertThat(file.read(0, target)).isEqualTo(4096);
            assertThat(target.get(0)).isEqualTo((byte) 1);
            assertThat(target.get(1)).isZero();
        }
    }

    @Test
    void findsDataAndHoles() throws IOException {
        try (PosixFile file = PosixFile.create(directory.resolve("sparse"), 0600)) {
            file.write(1 << 20, ByteBuffer.wrap(filled(65536)));
            file.setSize(4 << 20);
            file.flush();
            assertThat(file.nextData(0)).isEqualTo(1 << 20);
            assertThat(file.nextHole(0)).isZero();
            assertThat(file.nextHole(1 << 20)).isEqualTo((1 << 20) + 65536);
            assertThat(file.nextData((1 << 20) + 65536)).isEqualTo(4 << 20);
            assertThat(file.nextData(5 << 20)).isEqualTo(4 << 20);
            assertThat(file.nextHole(5 << 20)).isEqualTo(5 << 20);
            assertThat(file.status().allocatedSize()).isEqualTo(65536);
        }
    }

    private static byte[] filled(int length) {
        byte[] bytes = new byte[length];
        java.util.Arrays.fill(bytes, (byte) 7);
        return bytes;
    }

    @Test
    void knowsAFileByItsInodeNotItsName() throws IOException {
        Path path = directory.resolve("a");
        Path other = directory.resolve("b");
        try (PosixFile file = PosixFile.create(path, 0600);
                PosixFile again = PosixFile.openForReading(path)) {
            assertThat(again.key()).isEqualTo(file.key());
            file.link(other);
            assertThat(file.isAt(other)).isTrue();
            assertThat(file.status().links()).isEqualTo(2);
            assertThatThrownBy(() -> file.link(other)).isInstanceOf(FileAlreadyExistsException.class);
            Files.delete(path);
            assertThat(file.isAt(path)).isFalse();
            Files.createFile(path);
            assertThat(file.isAt(path)).isFalse();
            Files.delete(other);
            assertThatThrownBy(() -> file.link(other)).isInstanceOf(NoSuchFileException.class);
        }
    }

    @Test
    void setsTheTimeOfModification() throws IOException {
        Path path = directory.resolve("a");
        try (PosixFile file = PosixFile.create(path, 0600)) {
            Instant time = Instant.parse("2020-02-02T02:02:02.123456789Z");
            file.setModified(time);
            assertThat(file.status().modified()).isEqualTo(time);
            assertThat(Files.getLastModifiedTime(path).toInstant()).isEqualTo(time);
            file.write(0, ByteBuffer.wrap(new byte[1]));
            assertThat(file.status().modified()).isAfter(time);
        }
    }

    @Test
    void anInterruptFailsOnlyTheThreadItHits() throws Exception {
        try (PosixFile file = PosixFile.create(directory.resolve("data"), 0600)) {
            file.write(0, ByteBuffer.wrap(filled(4096)));
            AtomicReference<@Nullable Throwable> interrupted = new AtomicReference<>();
            AtomicReference<@Nullable Throwable> bystander = new AtomicReference<>();
            AtomicBoolean stop = new AtomicBoolean();
            Thread reader = Thread.ofPlatform().start(() -> {
                try {
                    while (!stop.get()) {
                        assertThat(file.read(0, ByteBuffer.allocate(4096))).isEqualTo(4096);
                    }
                } catch (Throwable e) {
                    bystander.set(e);
                }
            });
            for (int i = 0; i < 20; i++) {
                Thread victim = Thread.ofVirtual().start(() -> {
                    Thread.currentThread().interrupt();
                    try {
                        file.read(0, ByteBuffer.allocate(4096));
                    } catch (Throwable e) {
                        interrupted.set(e);
                    }
                });
                victim.join();
                assertThat(interrupted.getAndSet(null)).isInstanceOf(ClosedByInterruptException.class);
            }
            stop.set(true);
            reader.join();
            assertThat(bystander.get()).isNull();
            assertThat(file.read(0, ByteBuffer.allocate(1))).isEqualTo(1);
        }
    }

    @Test
    void doesNothingAfterClose() throws IOException {
        PosixFile file = PosixFile.create(directory.resolve("data"), 0600);
        file.close();
        file.close();
        assertThatThrownBy(() -> file.read(0, ByteBuffer.allocate(1))).isInstanceOf(ClosedChannelException.class);
        assertThatThrownBy(file::size).isInstanceOf(ClosedChannelException.class);
        assertThatThrownBy(() -> file.setMode(0600)).isInstanceOf(ClosedChannelException.class);
    }

    @Test
    void tellsAFullFileSystemFromOtherFailures() throws IOException {
        try (FileChannel full = FileChannel.open(Path.of("/dev/full"), StandardOpenOption.WRITE)) {
            full.write(ByteBuffer.allocate(1));
            throw new AssertionError("/dev/full took a byte");
        } catch (IOException e) {
            assertThat(Errno.translated(e, "disk"))
                    .isInstanceOf(OutOfSpaceException.class)
                    .hasMessageContaining("disk")
                    .hasCause(e);
        }
        IOException other = new IOException("Input/output error");
        assertThat(Errno.translated(other, "disk")).isSameAs(other);
        assertThat(Errno.exception(Errno.EDQUOT, "disk")).isInstanceOf(OutOfSpaceException.class);
    }
}
