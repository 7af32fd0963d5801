package io.cowshed.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.testing.MountedVolume;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VolumeCheckTests {

    private static final UUID US = new UUID(1, 1);
    private static final UUID THEM = new UUID(2, 2);

    @TempDir
    private Path directory;

    private void open(Path root, UUID installation, boolean anyImage) {
        Volume.open(root, 0660, installation, anyImage);
    }

    private void refuses(Path root, boolean anyImage, String problem, String remedy) {
        assertThatThrownBy(() -> open(root, US, anyImage))
                .isInstanceOf(UnusableVolume.class)
                .hasMessageContaining(root.toString())
                .hasMessageContaining(problem)
                .hasMessageContaining(remedy);
    }

    @Test
    void makesAVolumeOnceAndOpensItEverAfter() throws IOException {
        Path root = directory.resolve("volume");
        open(root, US, false);
        open(root, US, false);
        open(root, US, true);
        assertThat(root.resolve("cowshed-volume.json")).content().startsWith("{\"installation\": \"" + US + "\"");
        try (Stream<Path> names = Files.list(root)) {
            assertThat(names.map(name -> name.getFileName().toString()))
                    .containsExactlyInAnyOrder(
                            "cowshed-volume.json", "catalogue", "images", "incoming", "retired", "seeds");
        }
        assertThat(root.resolve("incoming")).isEmptyDirectory();
        assertThat(root.resolve("retired")).isEmptyDirectory();
    }

    @Test
    void takesAnEmptyFileSystem() throws IOException {
        Files.createDirectory(directory.resolve("lost+found"));
        open(directory, US, false);
        assertThat(directory.resolve("images")).isDirectory();
    }

    /** Images are purged through the service: it must be there when nothing else is left to do. */
    @Test
    void opensAFullVolume() throws IOException {
        Path root = directory.resolve("full");
        try (MountedVolume _ = MountedVolume.tmpfs(root, "size=64k,nr_inodes=20")) {
            open(root, US, false);
            Path ballast = root.resolve("ballast");
            assertThatThrownBy(() -> Files.write(ballast, new byte[1 << 20]))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("No space left");
            open(root, US, true);
            assertThatThrownBy(() -> {
                        for (int i = 0; i < 20; i++) {
                            Files.createFile(root.resolve("ballast-" + i));
                        }
                    })
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("No space left");
            open(root, US, true);
            assertThat(root.resolve("incoming")).isEmptyDirectory();
            assertThat(root.resolve("retired")).isEmptyDirectory();
        }
    }

    @Test
    void refusesTheVolumeOfAnotherInstallation() {
        open(directory, THEM, false);
        refuses(directory, false, "belongs to installation " + THEM, "Set spring.datasource.url");
    }

    @Test
    void makesNoVolumeWhereOneShouldBe() throws IOException {
        refuses(directory.resolve("none"), true, "does not exist", "Mount it");
        refuses(directory, true, "has no marker", "Mount the volume");
        assertThat(directory).isEmptyDirectory();
        open(directory, US, false);
        Files.delete(directory.resolve("images"));
        refuses(directory, true, "has no directory images", "Restore");
    }

    @Test
    void refusesWhatIsNoPlaceForAVolume() throws IOException {
        refuses(directory.resolve("a/b"), false, "neither does the directory", "Make that directory");
        Path file = Files.createFile(directory.resolve("file"));
        refuses(file, false, "is not a directory", "Set cowshed.volume");
        refuses(directory, false, "not empty", "empty directory");
    }

    @Test
    void refusesAMarkerThatNamesNobody() throws IOException {
        Files.writeString(directory.resolve("cowshed-volume.json"), "{}");
        refuses(directory, false, "names no installation", "check how it is mounted");
    }

    @Test
    void saysWhenTheVolumeCannotBeWritten() {
        VolumeCheck check = new VolumeCheck(new VolumeLayout(directory), _ -> {
            throw new IOException("Read-only file system");
        });
        assertThatThrownBy(() -> check.run(US, false))
                .isInstanceOf(UnusableVolume.class)
                .hasMessageContaining("Read-only file system")
                .hasMessageContaining("check how it is mounted");
    }

    @Test
    void theMarkerIsFlushedBeforeTheVolumeIsUsed() {
        List<Path> flushed = new ArrayList<>();
        Path root = directory.resolve("volume");
        VolumeCheck check = new VolumeCheck(new VolumeLayout(root), synced -> {
            flushed.add(synced);
            if (flushed.size() == 2) {
                assertThat(root.resolve("cowshed-volume.json")).exists();
            }
        });
        check.run(US, false);
        assertThat(flushed).containsExactly(directory, root, root, root.resolve("retired"));
    }

    @Test
    void takesOnlyAFileModeThatMakesSense() {
        assertThat(new VolumeProperties("v", "0660").mode()).isEqualTo(0660);
        assertThat(new VolumeProperties("v", "600").mode()).isEqualTo(0600);
        for (String mode : List.of("", "0777", "0440", "660x", "-1", "1660")) {
            assertThatThrownBy(() -> new VolumeProperties("v", mode))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("cowshed.file-mode");
        }
    }
}
