package io.cowshed.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.oracle.QemuIo;
import io.cowshed.engine.posix.FileLock;
import io.cowshed.engine.posix.OutOfSpaceException;
import io.cowshed.engine.posix.PosixFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NewImageFileTests {

    @TempDir
    private Path directory;

    private VolumeFixture on = VolumeFixture.none();
    private final UUID id = UUID.randomUUID();

    @BeforeEach
    void makeAVolume() {
        on = VolumeFixture.make(directory.resolve("volume"));
    }

    @Test
    void aFileAppearsUnderItsImagesNameOnlyWhenPublished() throws Exception {
        try (NewImageFile file = on.fresh(id)) {
            assertThat(on.path(id)).doesNotExist();
            assertThat(on.incoming()).hasSize(1);
            file.publish();
            assertThat(on.path(id)).exists();
            assertThat(on.incoming()).hasSize(1);
            file.keep();
        }
        assertThat(on.incoming()).isEmpty();
        assertThat(Files.getAttribute(on.path(id), "unix:mode")).isEqualTo(0100660);
        assertThat(QemuImg.run("check", on.path(id).toString())).contains("No errors");
    }

    @Test
    void theNameIsFlushedAfterItIsMade() throws Exception {
        List<String> flushed = new ArrayList<>();
        VolumeFixture watched = on.with(synced -> {
            assertThat(on.path(id)).exists();
            assertThat(on.incoming()).hasSize(1);
            flushed.add(synced.getFileName().toString());
        });
        try (NewImageFile file = watched.fresh(id)) {
            file.publish();
            assertThat(flushed).containsExactly("images");
        }
    }

    @Test
    void theNamesOfManyAreFlushedOnceAfterTheLastIsMade() throws Exception {
        List<UUID> ids = List.of(id, UUID.randomUUID(), UUID.randomUUID());
        List<String> flushed = new ArrayList<>();
        VolumeFixture watched = on.with(synced -> {
            assertThat(ids).allSatisfy(each -> assertThat(on.path(each)).exists());
            flushed.add(synced.getFileName().toString());
        });
        List<NewImageFile> files = new ArrayList<>();
        for (UUID each : ids) {
            files.add(watched.fresh(each));
        }
        List<ImageFileStatus> published = NewImageFile.publish(files);
        assertThat(flushed).containsExactly("images");
        for (int i = 0; i < files.size(); i++) {
            assertThat(on.volume.status(ids.get(i))).contains(published.get(i));
            files.get(i).close();
        }
        on.rows.add(id);
        assertThat(on.sweep().removed()).containsExactlyInAnyOrder(ids.get(1), ids.get(2));
    }

    @Test
    void whereOneOfManyCannotBePublishedNoneNeedStay() throws Exception {
        UUID taken = on.image();
        List<NewImageFile> files = List.of(on.fresh(id), on.fresh(taken));
        assertThatThrownBy(() -> NewImageFile.publish(files)).isInstanceOf(VolumeUnavailable.class);
        files.forEach(NewImageFile::discard);
        assertThat(on.path(id)).doesNotExist();
        assertThat(on.path(taken)).exists();
        assertThat(on.incoming()).isEmpty();
    }

    @Test
    void aFailedFlushOfTheNameFailsThePublication() throws Exception {
        VolumeFixture failing = on.with(_ -> {
            throw new IOException("lost");
        });
        NewImageFile file = failing.fresh(id);
        assertThatThrownBy(file::publish).isInstanceOf(VolumeUnavailable.class);
        assertThatThrownBy(file::close).isInstanceOf(VolumeUnavailable.class);
        assertThat(on.incoming()).hasSize(1);
        on.sweep();
        assertThat(on.path(id)).doesNotExist();
        assertThat(on.incoming()).isEmpty();
    }

    @Test
    void closingAfterAFailedPublicationRemovesIt() throws Exception {
        AtomicInteger flushes = new AtomicInteger();
        VolumeFixture failingOnce = on.with(_ -> {
            if (flushes.getAndIncrement() == 0) {
                throw new IOException("lost");
            }
        });
        try (NewImageFile file = failingOnce.fresh(id)) {
            assertThatThrownBy(file::publish).isInstanceOf(VolumeUnavailable.class);
        }
        assertThat(flushes).hasValue(2);
        assertThat(on.path(id)).doesNotExist();
        assertThat(on.incoming()).isEmpty();

        UUID taken = on.image();
        try (NewImageFile file = on.fresh(taken)) {
            assertThatThrownBy(file::publish).isInstanceOf(VolumeUnavailable.class);
        }
        assertThat(on.path(taken)).exists();
        assertThat(on.incoming()).isEmpty();
    }

    @Test
    void closingBeforePublicationRemovesIt() throws Exception {
        on.fresh(id).close();
        assertThat(on.incoming()).isEmpty();
        assertThat(on.path(id)).doesNotExist();
    }

    @Test
    void closingWithoutKnowingTheOutcomeLeavesTheDecisionToTheCatalogue() throws Exception {
        UUID other = UUID.randomUUID();
        for (UUID image : List.of(id, other)) {
            try (NewImageFile file = on.fresh(image)) {
                file.publish();
            }
        }
        assertThat(on.incoming()).hasSize(2);
        on.rows.add(other);
        assertThat(on.sweep().removed()).containsExactly(id);
        assertThat(on.path(id)).doesNotExist();
        assertThat(on.path(other)).exists();
        assertThat(on.incoming()).isEmpty();
    }

    @Test
    void discardingRemovesBothNames() throws Exception {
        NewImageFile file = on.fresh(id);
        file.publish();
        file.discard();
        file.close();
        assertThat(on.incoming()).isEmpty();
        assertThat(on.path(id)).doesNotExist();
    }

    @Test
    void aNewFileIsOursOnlyWhenFencedAndStillThere() throws Exception {
        Path name = directory.resolve("new");
        try (PosixFile file = PosixFile.create(name, 0600)) {
            try (PosixFile sweeper = PosixFile.openForReading(name);
                    FileLock _ = FileLock.fence(sweeper)) {
                assertThat(NewImageFile.claim(file, name)).isFalse();
            }
            assertThat(NewImageFile.claim(file, name)).isTrue();
            Files.delete(name);
            assertThat(NewImageFile.claim(file, name)).isFalse();
            Files.createFile(name);
            assertThat(NewImageFile.claim(file, name)).isFalse();
        }
    }

    @Test
    void neverOverwritesAnImage() throws Exception {
        UUID taken = on.image();
        byte[] before = Files.readAllBytes(on.path(taken));
        try (NewImageFile file = on.volume.create(taken)) {
            assertThatThrownBy(file::publish)
                    .isInstanceOf(VolumeUnavailable.class)
                    .hasMessageContaining("is there already");
            file.discard();
        }
        assertThat(Files.readAllBytes(on.path(taken))).isEqualTo(before);
        assertThat(on.incoming()).isEmpty();
    }

    @Test
    void theFirstWriteOfAGuestChangesTheStamp() throws Exception {
        ImageFileStatus published;
        try (NewImageFile file = on.fresh(id)) {
            published = file.publish();
            file.keep();
        }
        assertThat(on.volume.status(id)).contains(published);
        QemuIo.run(on.path(id), "qcow2", List.of("write -P 7 0 512"));
        assertThat(on.volume.status(id).orElseThrow().modifiedNanos()).isNotEqualTo(published.modifiedNanos());
    }

    @Test
    void everyCrashOnTheWayLeavesAllOrNothing() throws Exception {
        List<VolumeFixture> crashes = new ArrayList<>();
        NewImageFile file = on.volume.create(id);
        crashes.add(crash(crashes));
        file.file().write(0, ByteBuffer.wrap(new byte[100_000]));
        crashes.add(crash(crashes));
        file.publish();
        crashes.add(crash(crashes));
        for (VolumeFixture crashed : crashes) {
            crashed.sweep();
            assertThat(crashed.path(id)).doesNotExist();
            assertThat(crashed.incoming()).isEmpty();
        }
        on.rows.add(id);
        VolumeFixture committed = crash(crashes);
        assertThat(committed.sweep().removed()).isEmpty();
        assertThat(committed.path(id)).hasSize(100_000);
        assertThat(committed.incoming()).isEmpty();
        assertThat(committed.sweep()).isEqualTo(new SweepReport(List.of(), List.of()));
        file.keep();
        VolumeFixture done = crash(List.of(on, on, on, on, on));
        done.sweep();
        assertThat(done.path(id)).hasSize(100_000);
    }

    private VolumeFixture crash(List<VolumeFixture> before) throws IOException {
        return on.afterCrash(directory.resolve("crash-" + before.size()));
    }

    @Test
    void aWriterIsToldOfAFullVolumeAsAClientIs() {
        VolumeFile full = new VolumeFile(new FullFile());
        assertThatThrownBy(() -> full.write(0, ByteBuffer.allocate(1))).isInstanceOf(VolumeFull.class);
        assertThatThrownBy(() -> full.setSize(1)).isInstanceOf(VolumeFull.class);
        assertThatThrownBy(full::flush).isInstanceOf(VolumeFull.class);
    }

    @Test
    void aFullVolumeIsToldFromOtherFailures() throws Exception {
        assertThat(VolumeFailures.of(id, new OutOfSpaceException("disk", "No space left on device")))
                .isInstanceOf(VolumeFull.class);
        assertThatThrownBy(() -> on.volume.space().requireRoomFor(Long.MAX_VALUE))
                .isInstanceOf(VolumeFull.class);
        on.volume.space().requireRoomFor(1);
        assertThat(on.volume.space().total()).isGreaterThan(on.volume.space().usable());
    }
}
