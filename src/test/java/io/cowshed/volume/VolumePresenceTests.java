package io.cowshed.volume;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who uses a volume, and whether that is known when it was away and has come back. */
class VolumePresenceTests {

    @TempDir
    Path root;

    private VolumeFixture service = VolumeFixture.none();
    private VolumeFixture command = VolumeFixture.none();

    @BeforeEach
    void makeVolume() {
        service = VolumeFixture.make(root);
        command = service.with(DirectorySyncs.coalesced());
    }

    @Test
    void aCommandIsAloneOnlyWhenNobodyIsThere() {
        try (VolumePresence _ = service.volume.beThere();
                VolumePresence _ = command.volume.beThere()) {
            assertAlone(false);
        }
        assertAlone(true);
    }

    @Test
    void aVolumeThatHasComeBackIsInUseAgain() throws IOException {
        try (VolumePresence _ = service.volume.beThere()) {
            service.volume.requireMounted();
            comeBack();
            service.volume.requireMounted();
            assertAlone(false);
        }
        assertAlone(true);
    }

    @Test
    void aVolumeThatACommandHasWhenItComesBackIsAwayUntilThatHasEnded() throws IOException {
        try (VolumePresence _ = service.volume.beThere()) {
            service.volume.requireMounted();
            comeBack();
            try (VolumePresence _ = command.volume.beAlone()) {
                assertThatThrownBy(service.volume::requireMounted)
                        .isInstanceOf(VolumeUnavailable.class)
                        .hasMessageContaining("is in use by");
                assertThatThrownBy(service::image).isInstanceOf(VolumeUnavailable.class);
            }
            service.volume.requireMounted();
            assertAlone(false);
        }
    }

    private void assertAlone(boolean possible) {
        if (possible) {
            command.volume.beAlone().close();
        } else {
            assertThatThrownBy(command.volume::beAlone)
                    .isInstanceOf(UnusableVolume.class)
                    .hasMessageContaining("is in use by");
        }
    }

    /** As from another file system: the marker says the same, and is a file that nobody has locked. */
    private void comeBack() throws IOException {
        Path marker = root.resolve("cowshed-volume.json");
        Path same = Files.copy(marker, root.resolve("cowshed-volume.again"));
        Files.move(same, marker, StandardCopyOption.ATOMIC_MOVE);
    }
}
