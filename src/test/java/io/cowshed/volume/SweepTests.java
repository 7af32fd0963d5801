package io.cowshed.volume;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.posix.FileLock;
import io.cowshed.engine.posix.FileLockedException;
import io.cowshed.engine.posix.LiveQemuIo;
import io.cowshed.engine.posix.PosixFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SweepTests {

    private static final SweepReport NOTHING = new SweepReport(List.of(), List.of());

    @TempDir
    private Path directory;

    private VolumeFixture on = VolumeFixture.none();

    @BeforeEach
    void makeAVolume() {
        on = VolumeFixture.make(directory.resolve("volume"));
    }

    /** A side name of an image as a crash leaves it. */
    private Path sideName(Path in, UUID id) throws Exception {
        return Files.createLink(in.resolve(VolumeLayout.sideName(id, 1)), on.path(id));
    }

    @Test
    void leavesTheWorkOfOthersAlone() throws Exception {
        UUID making = UUID.randomUUID();
        UUID published = UUID.randomUUID();
        UUID removing = on.image();
        try (NewImageFile _ = on.fresh(making);
                NewImageFile file = on.fresh(published);
                Removal _ = on.volume.remove(removing)) {
            file.publish();
            on.rows.remove(removing);
            assertThat(on.sweep()).isEqualTo(NOTHING);
            assertThat(on.incoming()).hasSize(2);
            assertThat(on.retired()).hasSize(1);
            assertThat(on.path(published)).exists();
            assertThat(on.path(removing)).exists();
        }
    }

    @Test
    void asksTheCatalogueAfterFencingNotBefore() throws Exception {
        UUID id = on.image();
        Path side = sideName(on.layout.incoming(), id);
        AtomicInteger asked = new AtomicInteger();
        on.volume.sweep(
                _ -> {
                    asked.incrementAndGet();
                    try (var file = PosixFile.openForReading(side)) {
                        FileLock.fence(file).close();
                        throw new AssertionError("not fenced");
                    } catch (FileLockedException _) {
                        return true;
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                },
                on.rows::contains,
                _ -> false);
        assertThat(asked).hasValue(1);
        assertThat(side).doesNotExist();
        assertThat(on.path(id)).exists();
    }

    @Test
    void leavesAloneWhatAnOperationIsToGoOnWith() throws Exception {
        UUID awaited = UUID.randomUUID();
        try (NewImageFile file = on.fresh(awaited)) {
            file.publish();
        }
        Predicate<Object> neverAsked = id -> {
            throw new AssertionError(id + " is the operation's");
        };

        SweepReport report = on.volume.sweep(neverAsked::test, neverAsked::test, awaited::equals);

        assertThat(report.spared()).containsExactly(awaited);
        assertThat(on.path(awaited)).exists();
        assertThat(on.incoming()).hasSize(1);
        assertThat(on.sweep().removed()).containsExactly(awaited);
    }

    @Test
    void whatIsNoFileKeepsNoOthersFromBeingSwept() throws Exception {
        UUID left = UUID.randomUUID();
        try (NewImageFile file = on.fresh(left)) {
            file.publish();
        }
        Files.createDirectory(on.path(UUID.randomUUID()));
        assertThat(on.sweep().removed()).containsExactly(left);
        assertThat(on.path(left)).doesNotExist();
    }

    @Test
    void neverTakesAFileThatIsBeingMade() throws Exception {
        AtomicBoolean stop = new AtomicBoolean();
        AtomicInteger sweeps = new AtomicInteger();
        Thread sweeper = Thread.ofPlatform().start(() -> {
            while (!stop.get()) {
                on.volume.sweep(_ -> false, _ -> false, _ -> false);
                sweeps.incrementAndGet();
            }
        });
        try {
            for (int i = 0; i < 100 || sweeps.get() < 100; i++) {
                UUID id = UUID.randomUUID();
                try (NewImageFile file = on.fresh(id)) {
                    file.publish();
                    assertThat(on.path(id)).exists();
                    file.discard();
                }
            }
        } finally {
            stop.set(true);
            sweeper.join();
        }
        assertThat(on.incoming()).isEmpty();
    }

    @Test
    void sparesWhatACataloguedFileHasAsItsBacking() throws Exception {
        UUID base = on.image();
        on.overlay(base);
        on.rows.remove(base);
        sideName(on.layout.retired(), base);
        assertThat(on.sweep().spared()).containsExactly(base);
        assertThat(on.path(base)).exists();
        assertThat(on.retired()).hasSize(1);
    }

    @Test
    void removesABaseWhoseOnlyOverlayHasNoRowEither() throws Exception {
        UUID base = on.image();
        UUID overlay = on.overlay(base);
        on.rows.clear();
        sideName(on.layout.incoming(), base);
        sideName(on.layout.incoming(), overlay);
        assertThat(on.sweep().removed()).containsExactlyInAnyOrder(base, overlay);
        assertThat(on.path(base)).doesNotExist();
        assertThat(on.path(overlay)).doesNotExist();
    }

    @Test
    void removesNothingWhileACataloguedFileCannotBeAsked() throws Exception {
        UUID damaged = on.image();
        UUID gone = on.image();
        on.rows.remove(gone);
        sideName(on.layout.retired(), gone);
        byte[] content = Files.readAllBytes(on.path(damaged));
        Files.write(on.path(damaged), new byte[100]);
        assertThat(on.sweep().spared()).containsExactly(gone);
        assertThat(on.path(gone)).exists();
        Files.write(on.path(damaged), content);
        assertThat(on.sweep().removed()).containsExactly(gone);
    }

    @Test
    void removesWhatNeverGotItsNameWhateverCannotBeAsked() throws Exception {
        UUID damaged = on.image();
        UUID brokenOff = on.image();
        on.rows.remove(brokenOff);
        Path side = sideName(on.layout.incoming(), brokenOff);
        Files.delete(on.path(brokenOff));
        Files.write(on.path(damaged), new byte[100]);
        assertThat(on.sweep().removed()).containsExactly(brokenOff);
        assertThat(side).doesNotExist();
    }

    @Test
    void keepsTheRetiredNameWhileAGuestReads() throws Exception {
        UUID id = on.image();
        on.rows.remove(id);
        Path side = sideName(on.layout.retired(), id);
        try (LiveQemuIo _ = LiveQemuIo.reading(on.path(id), "qcow2")) {
            assertThat(on.sweep().spared()).containsExactly(id);
            assertThat(on.path(id)).doesNotExist();
            assertThat(side).exists();
        }
        assertThat(on.sweep().removed()).containsExactly(id);
        assertThat(side).doesNotExist();
    }

    @Test
    void keepsTheLastNameOfACataloguedFile() throws Exception {
        UUID id = on.image();
        Path side = sideName(on.layout.retired(), id);
        Files.delete(on.path(id));
        assertThat(on.sweep().spared()).containsExactly(id);
        assertThat(side).exists();
    }

    @Test
    void neverTakesTheImagesNameFromAnotherFile() throws Exception {
        UUID id = on.image();
        Path side = sideName(on.layout.retired(), id);
        Path replacement = Files.copy(on.path(id), directory.resolve("replacement"));
        Files.move(replacement, on.path(id), StandardCopyOption.ATOMIC_MOVE);
        on.rows.remove(id);
        on.sweep();
        assertThat(side).doesNotExist();
        assertThat(on.path(id)).exists();
    }

    @Test
    void leavesNamesAloneThatAreNoneOfOurs() throws Exception {
        UUID id = UUID.randomUUID();
        Path note = Files.writeString(on.layout.incoming().resolve("notes.txt"), "hello");
        Path target = Files.writeString(directory.resolve("target"), "hello");
        Path link = Files.createSymbolicLink(on.layout.incoming().resolve(VolumeLayout.sideName(id, 1)), target);
        assertThat(on.sweep()).isEqualTo(NOTHING);
        assertThat(note).exists();
        assertThat(target).exists();
        assertThat(Files.exists(link, LinkOption.NOFOLLOW_LINKS)).isTrue();
    }

    @Test
    void leavesStrangersAlone() throws Exception {
        Path odd = Files.writeString(on.layout.images().resolve("backup.img"), "precious");
        UUID unknown = on.image();
        on.rows.remove(unknown);
        assertThat(on.sweep()).isEqualTo(NOTHING);
        assertThat(odd).hasContent("precious");
        assertThat(on.path(unknown)).exists();
    }
}
