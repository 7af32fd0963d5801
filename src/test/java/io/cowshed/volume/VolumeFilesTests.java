package io.cowshed.volume;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.volume.CataloguedFile.Disk;
import io.cowshed.volume.CataloguedFile.Seed;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is found in the directories of a volume, and in a file. */
class VolumeFilesTests {

    @TempDir
    Path root;

    private VolumeFixture fixture = VolumeFixture.none();
    private VolumeFiles files = fixture.volume.files();

    @BeforeEach
    void makeVolume() {
        fixture = VolumeFixture.make(root);
        files = fixture.volume.files();
    }

    @Test
    void tellsOwnNamesFromSideNamesAndStrangers() throws Exception {
        UUID image = fixture.image();
        Seed seed = new Seed(image, 0xabc);
        Files.createFile(root.resolve(seed.relativePath()));
        Files.createFile(root.resolve("images/" + image + ".qcow2.bak"));
        Files.createFile(root.resolve("seeds/" + image + ".qcow2"));
        Files.createFile(root.resolve("incoming/seed-" + image + ".abc.1f.qcow2"));
        try (NewImageFile _ = fixture.fresh(image)) {
            assertThat(entries(VolumeArea.INCOMING))
                    .extracting(VolumeEntry::file)
                    .containsExactlyInAnyOrder(new Disk(image), seed);
        }

        assertThat(entries(VolumeArea.IMAGES))
                .containsExactlyInAnyOrder(
                        new VolumeEntry(VolumeArea.IMAGES, image + ".qcow2", new Disk(image)),
                        new VolumeEntry(VolumeArea.IMAGES, image + ".qcow2.bak", null));
        assertThat(entries(VolumeArea.SEEDS))
                .containsExactlyInAnyOrder(
                        new VolumeEntry(VolumeArea.SEEDS, image + ".abc.qcow2", seed),
                        new VolumeEntry(VolumeArea.SEEDS, image + ".qcow2", null));
        assertThat(entries(VolumeArea.QUARANTINE)).isEmpty();
    }

    @Test
    void anImageSaysWhoItIsAndWhatItLiesOn() throws Exception {
        UUID parent = fixture.image();
        UUID clone = fixture.overlay(parent);

        InspectedFile file = inspect(new Disk(clone));

        assertThat(file.identity().orElseThrow().id()).isEqualTo(clone);
        assertThat(file.parent()).contains(parent);
        assertThat(file.header())
                .satisfies(header -> assertThat(header.virtualSize()).isEqualTo(VolumeFixture.SIZE));
        assertThat(file.status().permissions()).isEqualTo(VolumeFixture.MODE);
        assertThat(file.fault()).isNull();
        assertThat(inspect(new Disk(parent)).backingName()).isEmpty();
    }

    @Test
    void aParentNamedByAPathIsNone() throws Exception {
        UUID parent = fixture.image();
        Path file = root.resolve("images/" + UUID.randomUUID() + ".qcow2");
        String path = fixture.path(parent).toString();
        QemuImg.run("create", "-f", "qcow2", "-F", "qcow2", "-b", path, file.toString());

        InspectedFile inspected = InspectedFile.of(file).orElseThrow();

        assertThat(inspected.backingName()).contains(path);
        assertThat(inspected.parent()).isEmpty();
        assertThat(inspected.identity()).isEmpty();
    }

    @Test
    void whatIsNoImageIsToldWithTheReason() throws Exception {
        Path text = Files.writeString(root.resolve("images/notes"), "x".repeat(200));
        Path link = Files.createSymbolicLink(root.resolve("images/link"), fixture.path(fixture.image()));

        assertThat(InspectedFile.of(text)).hasValueSatisfying(file -> {
            assertThat(file.header()).isNull();
            assertThat(file.fault()).contains("not a QCOW2 image");
        });
        assertThat(InspectedFile.of(link))
                .hasValueSatisfying(
                        file -> assertThat(file.status().isRegular()).isFalse());
        assertThat(InspectedFile.of(root.resolve("images")))
                .hasValueSatisfying(file -> assertThat(file.fault()).contains("regular"));
        assertThat(InspectedFile.of(root.resolve("images/none"))).isEmpty();
    }

    private InspectedFile inspect(CataloguedFile file) throws IOException {
        return InspectedFile.of(files.path(file)).orElseThrow();
    }

    private List<VolumeEntry> entries(VolumeArea area) {
        List<VolumeEntry> found = new ArrayList<>();
        files.walk(area, found::add);
        return found;
    }
}
