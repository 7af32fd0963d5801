package io.cowshed.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.engine.block.BackingFileException;
import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.oracle.QemuIo;
import io.cowshed.engine.posix.LiveQemuIo;
import io.cowshed.engine.posix.PosixFile;
import io.cowshed.engine.qcow2.WritableQcow2Image;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Existing files: read, held, removed, and what QEMU has to do with it. */
class VolumeTests {

    @TempDir
    private Path directory;

    private VolumeFixture on = VolumeFixture.none();

    @BeforeEach
    void makeAVolume() {
        on = VolumeFixture.make(directory.resolve("volume"));
    }

    @Test
    void opensAnImageWithItsChain() throws Exception {
        UUID base = on.image();
        QemuIo.run(on.path(base), "qcow2", List.of("write -P 7 4096 512"));
        UUID child = on.overlay(base);
        try (DiskImage disk = on.volume.disks().open(child, Set.of(base))) {
            ByteBuffer content = ByteBuffer.allocate(1);
            disk.read(4096, content);
            assertThat(content.get(0)).isEqualTo((byte) 7);
        }
        assertThatThrownBy(() -> on.volume.disks().open(child, Set.of())).isInstanceOf(BackingFileException.class);
        on.volume.hold(child).close();
        on.volume.hold(base).close();
    }

    @Test
    void followsNoOtherBackingName() throws Exception {
        UUID base = on.image();
        var resolver = on.volume.disks().backings(Set.of(base));
        String name = Volume.backingName(base);
        resolver.resolve("file", name, "qcow2").file().close();
        for (String other : List.of(
                "../images/" + name, on.path(base).toString(), "./" + name, name + " ", "/etc/passwd", "json:{}", "")) {
            assertThatThrownBy(() -> resolver.resolve("file", other, "qcow2")).isInstanceOf(BackingFileException.class);
        }
        assertThatThrownBy(() -> resolver.resolve("file", name, "raw")).isInstanceOf(BackingFileException.class);
        assertThatThrownBy(() -> resolver.resolve("file", name, null)).isInstanceOf(BackingFileException.class);
    }

    @Test
    void anImageThatAGuestWritesToIsNeitherReadNorHeldNorRemoved() throws Exception {
        UUID id = on.image();
        try (LiveQemuIo qemu = LiveQemuIo.writing(on.path(id), "qcow2")) {
            assertThatThrownBy(() -> on.volume.disks().openFile(id))
                    .isInstanceOf(ImageInUse.class)
                    .hasMessageContaining("qemu-io (process " + qemu.pid() + ")");
            assertThatThrownBy(() -> on.volume.hold(id)).isInstanceOf(ImageInUse.class);
            assertThatThrownBy(() -> on.volume.remove(id)).isInstanceOf(ImageInUse.class);
        }
        assertThat(on.retired()).isEmpty();
        on.volume.hold(id).close();
    }

    @Test
    void anImageThatAGuestReadsCanBeReadButNotHeld() throws Exception {
        UUID id = on.image();
        try (LiveQemuIo _ = LiveQemuIo.reading(on.path(id), "qcow2");
                BlockFile file = on.volume.disks().openFile(id)) {
            assertThat(file.size()).isPositive();
            assertThatThrownBy(() -> on.volume.hold(id)).isInstanceOf(ImageInUse.class);
        }
    }

    @Test
    void whoOnlyAsksAboutAnImageIsNotInTheWayOfWhoWorksOnIt() throws Exception {
        UUID id = on.image();
        AtomicBoolean over = new AtomicBoolean();
        AtomicInteger refused = new AtomicInteger();
        try (ExecutorService thread = Executors.newSingleThreadExecutor()) {
            Future<?> asking = thread.submit(() -> {
                while (!over.get()) {
                    try {
                        on.volume.requireIdle(id);
                        on.volume.requireUnwritten(id);
                    } catch (ImageInUse _) {
                        refused.incrementAndGet();
                    }
                }
            });
            try {
                for (int held = 0; !asking.isDone() && (held < 3000 || refused.get() == 0); held++) {
                    on.volume.hold(id).close();
                }
            } finally {
                over.set(true);
            }
            asking.get();
        }
    }

    /** Who replaces it holds the old one until the new one is there: a reader of the old one would not be waited for. */
    @Test
    void whoReadsAnImageHasTheFileThatIsThere() throws Exception {
        UUID id = on.image();
        byte[] content = Files.readAllBytes(on.path(id));
        AtomicBoolean over = new AtomicBoolean();
        try (ExecutorService thread = Executors.newSingleThreadExecutor()) {
            Future<Integer> replacing = thread.submit(() -> {
                int replaced = 0;
                while (!over.get()) {
                    Path fresh = Files.write(directory.resolve("fresh"), content);
                    try (HeldImage _ = on.volume.hold(id)) {
                        Files.move(fresh, on.path(id), StandardCopyOption.ATOMIC_MOVE);
                        replaced++;
                    } catch (ImageInUse _) {
                        // It is being read.
                    }
                }
                return replaced;
            });
            try {
                for (int read = 0; read < 3000; read++) {
                    try (BlockFile file = on.volume.disks().openFile(id)) {
                        assertThat(((PosixFile) file).isAt(on.path(id))).isTrue();
                    } catch (ImageInUse _) {
                        // It is being replaced.
                    }
                }
            } finally {
                over.set(true);
            }
            assertThat(replacing.get()).isPositive();
        }
    }

    @Test
    void noGuestGetsAnImageThatIsHeld() throws Exception {
        UUID id = on.image();
        try (HeldImage _ = on.volume.hold(id)) {
            assertThat(LiveQemuIo.attempt(on.path(id), "qcow2", true).exit()).isNotZero();
            assertThat(LiveQemuIo.attempt(on.path(id), "qcow2", false).exit()).isNotZero();
            assertThatThrownBy(() -> on.volume.hold(id))
                    .isInstanceOf(ImageInUse.class)
                    .hasMessageContaining("this service");
        }
        assertThat(LiveQemuIo.attempt(on.path(id), "qcow2", true).exit()).isZero();
    }

    @Test
    void anImageIsWrittenToWhenNobodyHasItAndNobodyGetsItMeanwhile() throws Exception {
        UUID id = on.image();
        for (boolean writing : new boolean[] {true, false}) {
            try (LiveQemuIo qemu =
                    writing ? LiveQemuIo.writing(on.path(id), "qcow2") : LiveQemuIo.reading(on.path(id), "qcow2")) {
                assertThatThrownBy(() -> on.volume.holdForWriting(id))
                        .isInstanceOf(ImageInUse.class)
                        .hasMessageContaining("qemu-io (process " + qemu.pid() + ")");
            }
        }
        try (HeldImage held = on.volume.holdForWriting(id);
                WritableQcow2Image image = on.volume.disks().openForWriting(held, Set.of())) {
            image.write(4096, ByteBuffer.wrap(new byte[] {1, 2, 3}));
            image.flush();
            assertThat(LiveQemuIo.attempt(on.path(id), "qcow2", true).exit()).isNotZero();
            assertThat(LiveQemuIo.attempt(on.path(id), "qcow2", false).exit()).isNotZero();
            assertThatThrownBy(() -> on.volume.holdForWriting(id))
                    .isInstanceOf(ImageInUse.class)
                    .hasMessageContaining("this service");
        }
        assertThat(QemuIo.run(on.path(id), "qcow2", List.of("read -v 4096 3"))).contains("01 02 03");
    }

    @Test
    void aSealedImageIsNotWrittenTo() throws Exception {
        UUID id = on.image();
        try (HeldImage held = on.volume.hold(id)) {
            held.seal();
        }
        assertThatThrownBy(() -> on.volume.holdForWriting(id)).isInstanceOf(VolumeUnavailable.class);
        on.volume.hold(id).close();
    }

    @Test
    void sealsAndThaws() throws Exception {
        UUID id = on.image();
        try (HeldImage held = on.volume.hold(id)) {
            held.seal();
            assertThat(Files.getAttribute(on.path(id), "unix:mode")).isEqualTo(0100444);
            held.unseal();
            assertThat(Files.getAttribute(on.path(id), "unix:mode")).isEqualTo(0100660);
            assertThat(held.status()).isEqualTo(on.volume.status(id).orElseThrow());
        }
    }

    @Test
    void saysWhatAFileTakes() throws Exception {
        UUID id = on.image();
        assertThat(on.volume.sizes().allocated(id).orElseThrow()).isBetween(4096L, 24L << 10);
        assertThat(on.volume.sizes().allocated(UUID.randomUUID())).isEmpty();
        assertThat(Volume.relativePath(id)).isEqualTo("images/" + id + ".qcow2");
    }

    @Test
    void refusesWhatIsNoRegularFile() throws Exception {
        UUID real = on.image();
        UUID link = UUID.randomUUID();
        UUID missing = UUID.randomUUID();
        UUID folder = UUID.randomUUID();
        Files.createSymbolicLink(on.path(link), on.path(real));
        Files.createDirectory(on.path(folder));
        for (UUID id : List.of(link, folder)) {
            assertThatThrownBy(() -> on.volume.disks().openFile(id)).isInstanceOf(VolumeUnavailable.class);
            assertThatThrownBy(() -> on.volume.hold(id)).isInstanceOf(VolumeUnavailable.class);
            assertThat(on.volume.status(id)).isEmpty();
        }
        assertThatThrownBy(() -> on.volume.disks().openFile(missing)).isInstanceOf(ImageFileMissing.class);
        assertThatThrownBy(() -> on.volume.remove(missing)).isInstanceOf(ImageFileMissing.class);
    }

    @Test
    void aRemovedImageIsGoneWhenItsRowIs() throws Exception {
        UUID id = on.image();
        try (Removal removal = on.volume.remove(id)) {
            assertThat(on.path(id)).exists();
            assertThat(on.retired()).hasSize(1);
            assertThat(LiveQemuIo.attempt(on.path(id), "qcow2", false).exit()).isNotZero();
            on.rows.remove(id);
            removal.uncatalogued();
        }
        assertThat(on.path(id)).doesNotExist();
        assertThat(on.retired()).isEmpty();
    }

    @Test
    void aFileIsNotMissingWhereTheVolumeIs() throws Exception {
        UUID id = on.image();
        Files.delete(on.path(id));
        assertThatThrownBy(() -> on.volume.remove(id)).isInstanceOf(ImageFileMissing.class);

        Path root = on.layout.root();
        Path away = Files.move(root, directory.resolve("away"));
        assertThatThrownBy(() -> on.volume.remove(id)).isInstanceOf(VolumeUnavailable.class);
        Files.createDirectories(root);
        assertThatThrownBy(() -> on.volume.remove(id)).isInstanceOf(VolumeUnavailable.class);
        Volume.open(root, VolumeFixture.MODE, UUID.randomUUID(), false);
        assertThatThrownBy(() -> on.volume.remove(id)).isInstanceOf(VolumeUnavailable.class);
        assertThat(away).exists();
    }

    @Test
    void namesAreFlushedInTheOrderOfARemoval() throws Exception {
        UUID id = on.image();
        StringBuilder flushed = new StringBuilder();
        VolumeFixture watched = on.with(synced -> {
            flushed.append(synced.getFileName()).append(Files.exists(on.path(id)) ? " with " : " without ");
            assertThat(on.retired()).hasSize(1);
        });
        try (Removal removal = watched.volume.remove(id)) {
            removal.uncatalogued();
        }
        assertThat(flushed).hasToString("retired with images without ");
    }

    @Test
    void everyCrashOfARemovalKeepsTheImageOrRemovesItAll() throws Exception {
        UUID id = on.image();
        int number = 0;
        try (Removal _ = on.volume.remove(id)) {
            VolumeFixture before = crash(number++);
            before.sweep();
            assertThat(before.path(id)).exists();
            assertThat(before.retired()).isEmpty();
            on.rows.remove(id);
            VolumeFixture after = crash(number++);
            assertThat(after.sweep().removed()).containsExactly(id);
            assertThat(after.path(id)).doesNotExist();
            assertThat(after.retired()).isEmpty();
            Files.delete(on.path(id));
            VolumeFixture halfway = crash(number);
            assertThat(halfway.sweep().removed()).containsExactly(id);
            assertThat(halfway.retired()).isEmpty();
        }
    }

    private VolumeFixture crash(int number) throws IOException {
        return on.afterCrash(directory.resolve("crash-" + number));
    }
}
