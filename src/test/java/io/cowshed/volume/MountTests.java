package io.cowshed.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.volume.CatalogueFiles.Turn;
import io.cowshed.volume.CataloguedFile.Disk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is done where the volume was: nothing. The service itself is in {@code VolumeAwayTests}. */
class MountTests {

    @TempDir
    Path directory;

    private Path place = Path.of("/nonexistent");
    private VolumeFixture fixture = VolumeFixture.none();
    private UUID image = new UUID(0, 0);

    @BeforeEach
    void makeVolume() throws IOException {
        place = Files.createDirectory(directory.resolve("volume"));
        fixture = VolumeFixture.make(place);
        image = fixture.image();
        Files.createFile(place.resolve("images/stranger"));
        fixture.volume.requireUsable();
    }

    @Test
    void nothingIsMadeInAnEmptyDirectory() throws IOException {
        Turn turn = fixture.volume.catalogue().tryTurn().orElseThrow();
        Files.move(place, directory.resolve("away"));
        Files.createDirectory(place);

        requireRefusals(turn, "is not mounted at " + place);
        assertThat(below(place)).isEmpty();

        requireAllWhenItIsBack(turn);
    }

    @Test
    void nothingIsMadeOnAnotherVolumeOfTheInstallation() throws IOException {
        Turn turn = fixture.volume.catalogue().tryTurn().orElseThrow();
        Files.move(place, directory.resolve("away"));
        Files.createDirectory(place);
        VolumeFixture.make(place);
        List<Path> before = below(place);

        requireRefusals(turn, "is another volume than the service started with");
        assertThat(below(place)).isEqualTo(before);

        requireAllWhenItIsBack(turn);
    }

    private void requireRefusals(Turn turn, String why) throws IOException {
        Volume volume = fixture.volume;
        Path elsewhere = Files.writeString(directory.resolve("elsewhere"), "of somebody");
        VolumeEntry stranger = new VolumeEntry(VolumeArea.IMAGES, "stranger", null);
        List<ThrowingCallable> calls = List.of(
                () -> volume.create(UUID.randomUUID()),
                () -> volume.adopt(UUID.randomUUID(), elsewhere),
                () -> volume.seeds().create(SeedFiles.another(image)),
                () -> volume.replace(image, false),
                () -> volume.hold(image),
                () -> volume.disks().peek(image, List.of()),
                () -> volume.remove(image),
                () -> volume.remove(List.of(image)),
                () -> volume.sweep(_ -> false, _ -> false, _ -> false),
                () -> volume.status(image),
                volume::space,
                () -> volume.catalogue().tryTurn(),
                () -> volume.catalogue().names(),
                () -> turn.write("export", out -> out.write(1)),
                turn::deleteDrafts,
                () -> volume.quarantine(_ -> false).put(stranger, Instant.now().plusSeconds(60), () -> true),
                () -> volume.files().walk(VolumeArea.IMAGES, _ -> {}),
                () -> volume.files().walk(VolumeArea.QUARANTINE, _ -> {}),
                () -> volume.files().look(fixture.path(image)),
                () -> volume.files().hasSideName(new Disk(image)),
                () -> volume.files().isThere(new VolumeEntry(VolumeArea.IMAGES, "another", null)),
                () -> volume.isIncoming(image));
        for (int call = 0; call < calls.size(); call++) {
            assertThatThrownBy(calls.get(call))
                    .as("call %s", call)
                    .isInstanceOf(VolumeUnavailable.class)
                    .hasMessageContaining(why);
        }
    }

    private void requireAllWhenItIsBack(Turn turn) throws IOException {
        for (Path path : below(place).reversed()) {
            Files.delete(path);
        }
        Files.delete(place);
        Files.move(directory.resolve("away"), place);
        assertThat(fixture.volume.status(image)).isPresent();
        assertThat(turn.write("export", out -> out.write(1))).isTrue();
        turn.close();
        fixture.volume.remove(List.of(image)).forEach(Removal::uncatalogued);
        assertThat(fixture.volume.status(image)).isEmpty();
    }

    private static List<Path> below(Path root) throws IOException {
        try (Stream<Path> paths = Files.walk(root)) {
            return paths.filter(path -> !path.equals(root)).sorted().toList();
        }
    }
}
