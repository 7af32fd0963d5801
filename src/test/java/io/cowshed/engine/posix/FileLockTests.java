package io.cowshed.engine.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.testing.Exits;
import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against live QEMU processes, both ways. */
class FileLockTests {

    @TempDir
    private Path directory;

    private Path path = Path.of("");

    @BeforeEach
    void makesADisk() throws IOException {
        path = directory.resolve("disk");
        qemuImg("create", "-q", "-f", "qcow2", path.toString(), "1M");
    }

    private static void qemuImg(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("qemu-img"));
        command.addAll(List.of(arguments));
        assertThat(Exits.of(new ProcessBuilder(command).start())).isZero();
    }

    @Test
    void aWritingQemuRefusesBothLocks() throws Exception {
        try (PosixFile file = PosixFile.openForWriting(path);
                LiveQemuIo qemu = LiveQemuIo.writing(path, "qcow2")) {
            assertThatThrownBy(() -> FileLock.againstReadersAndWriters(file))
                    .isInstanceOf(FileLockedException.class)
                    .hasMessageContaining("qemu-io (process " + qemu.pid() + ")");
            assertThatThrownBy(() -> FileLock.againstWriters(file))
                    .asInstanceOf(InstanceOfAssertFactories.type(FileLockedException.class))
                    .satisfies(e -> assertThat(e.holders()).containsExactly(new LockHolder(qemu.pid(), "qemu-io")));
        }
        try (PosixFile file = PosixFile.openForWriting(path)) {
            FileLock.againstReadersAndWriters(file).close();
        }
    }

    @Test
    void aReadingQemuGoesTogetherWithAReadersLockOnly() throws Exception {
        try (PosixFile file = PosixFile.openForReading(path);
                LiveQemuIo _ = LiveQemuIo.reading(path, "qcow2")) {
            assertThatThrownBy(() -> FileLock.againstReadersAndWriters(file)).isInstanceOf(FileLockedException.class);
            FileLock.againstWriters(file).close();
        }
    }

    @Test
    void theBackingOfAnOpenOverlayIsInUse() throws Exception {
        Path overlay = directory.resolve("overlay.qcow2");
        qemuImg("create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", "disk", overlay.toString());
        try (PosixFile file = PosixFile.openForReading(path);
                LiveQemuIo _ = LiveQemuIo.writing(overlay, "qcow2")) {
            assertThatThrownBy(() -> FileLock.againstReadersAndWriters(file)).isInstanceOf(FileLockedException.class);
            FileLock.againstWriters(file).close();
        }
    }

    @Test
    void tellsWriterFromReaderFromNobody() throws Exception {
        Path overlay = directory.resolve("above.qcow2");
        qemuImg("create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", "disk", overlay.toString());
        try (PosixFile file = PosixFile.openForReading(path)) {
            assertThat(FileLock.use(file)).isEqualTo(FileUse.NONE);
            try (LiveQemuIo _ = LiveQemuIo.writing(path, "qcow2")) {
                assertThat(FileLock.use(file)).isEqualTo(FileUse.WRITER);
            }
            try (LiveQemuIo _ = LiveQemuIo.reading(path, "qcow2")) {
                assertThat(FileLock.use(file)).isEqualTo(FileUse.READER);
                assertThat(LiveQemuIo.attempt(path, "qcow2", false).exit()).isZero();
            }
            try (LiveQemuIo _ = LiveQemuIo.writing(overlay, "qcow2")) {
                assertThat(FileLock.use(file)).isEqualTo(FileUse.READER);
            }
            assertThat(FileLock.use(file)).isEqualTo(FileUse.NONE);
        }
    }

    @Test
    void shutsOutEveryQemu() throws Exception {
        try (PosixFile file = PosixFile.openForReading(path)) {
            try (FileLock _ = FileLock.againstReadersAndWriters(file)) {
                assertRefused(false);
                assertRefused(true);
            }
            assertThat(LiveQemuIo.attempt(path, "qcow2", true).exit()).isZero();
        }
    }

    @Test
    void shutsOutWritersOnly() throws Exception {
        try (PosixFile file = PosixFile.openForReading(path);
                FileLock _ = FileLock.againstWriters(file)) {
            assertThat(LiveQemuIo.attempt(path, "qcow2", false).exit()).isZero();
            assertRefused(true);
        }
    }

    private void assertRefused(boolean writing) throws Exception {
        LiveQemuIo.Outcome outcome = LiveQemuIo.attempt(path, "qcow2", writing);
        assertThat(outcome.exit()).isNotZero();
        assertThat(outcome.output()).contains("lock");
    }

    @Test
    void refusedLocksLeaveNoByteLocked() throws Exception {
        try (PosixFile file = PosixFile.openForWriting(path)) {
            try (LiveQemuIo _ = LiveQemuIo.reading(path, "qcow2")) {
                assertThatThrownBy(() -> FileLock.againstReadersAndWriters(file))
                        .isInstanceOf(FileLockedException.class);
                assertThat(LiveQemuIo.attempt(path, "qcow2", false).exit()).isZero();
            }
            assertThat(LiveQemuIo.attempt(path, "qcow2", true).exit()).isZero();
        }
    }

    @Test
    void theFenceHoldsWithinThisProcessAndSaysNothingToQemu() throws Exception {
        try (PosixFile file = PosixFile.openForWriting(path);
                PosixFile other = PosixFile.openForReading(path)) {
            FileLock held = FileLock.fence(file);
            assertThatThrownBy(() -> FileLock.fence(other))
                    .isInstanceOf(FileLockedException.class)
                    .hasMessageContaining("this service");
            assertThat(LiveQemuIo.attempt(path, "qcow2", true).exit()).isZero();
            held.close();
            FileLock.fence(other).close();
        }
    }

    @Test
    void closingAnotherDescriptorOfTheFileKeepsTheLock() throws Exception {
        try (PosixFile file = PosixFile.openForWriting(path);
                FileLock _ = FileLock.fence(file)) {
            PosixFile.openForReading(path).close();
            Files.readAllBytes(path);
            try (PosixFile other = PosixFile.openForReading(path)) {
                assertThatThrownBy(() -> FileLock.fence(other)).isInstanceOf(FileLockedException.class);
            }
        }
    }

    @Test
    void closingTheFileLetsGo() throws Exception {
        PosixFile file = PosixFile.openForWriting(path);
        FileLock held = FileLock.fence(file);
        file.close();
        try (PosixFile other = PosixFile.openForReading(path)) {
            FileLock.fence(other).close();
        }
        assertThatCode(held::close).doesNotThrowAnyException();
    }

    /** A child shares it from its start until it becomes another program. */
    @Test
    void closingTheFileLetsGoThoughItsDescriptionIsShared() throws Exception {
        PosixFile file = PosixFile.openForWriting(path);
        FileLock.againstReadersAndWriters(file);
        List<Integer> shared = duplicates(path);
        try (PosixFile other = PosixFile.openForWriting(path)) {
            assertThatThrownBy(() -> FileLock.againstReadersAndWriters(other)).isInstanceOf(FileLockedException.class);
            file.close();
            FileLock.againstReadersAndWriters(other).close();
        } finally {
            for (int descriptor : shared) {
                assertThat(call("close", descriptor)).isZero();
            }
        }
    }

    /** Duplicates every descriptor by which this process has a file open. */
    private static List<Integer> duplicates(Path path) throws Exception {
        return Descriptors.of(path).stream()
                .map(descriptor -> call("dup", descriptor))
                .toList();
    }

    @SuppressWarnings("restricted")
    private static int call(String function, int descriptor) {
        Linker linker = Linker.nativeLinker();
        try {
            return (int) linker.downcallHandle(
                            linker.defaultLookup().findOrThrow(function),
                            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT))
                    .invokeExact(descriptor);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aReadOnlyDescriptorCanTakeEveryLock() throws Exception {
        Files.setPosixFilePermissions(path, java.nio.file.attribute.PosixFilePermissions.fromString("r--r--r--"));
        try (PosixFile file = PosixFile.openForReading(path);
                FileLock _ = FileLock.fence(file);
                FileLock _ = FileLock.againstReadersAndWriters(file);
                PosixFile other = PosixFile.openForReading(path)) {
            assertThatThrownBy(() -> FileLock.fence(other)).isInstanceOf(FileLockedException.class);
            assertThatThrownBy(() -> FileLock.againstWriters(other)).isInstanceOf(FileLockedException.class);
        }
    }
}
