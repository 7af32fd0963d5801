package io.cowshed;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.MountedVolume;
import io.cowshed.testing.ServiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** A service whose volume is not what it should be does not start, says why and what to do, and writes nothing. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class VolumeStartTests {

    private Path directory;
    private Path volume;

    /** One installation with one image, whose volume is swapped under it. */
    @BeforeAll
    void makeAnInstallation(@TempDir Path temporary) {
        directory = temporary;
        volume = temporary.resolve("volume");
        try (ServiceProcess service = ServiceProcess.start(directory, List.of(), "cowshed.volume=" + volume)) {
            assertThat(service.api()
                            .postJson("images", "{\"name\": \"disk\", \"virtualSize\": \"1MiB\"}")
                            .status())
                    .isEqualTo(201);
        }
    }

    @Test
    void refusesAMissingVolumeWhileItHasImages() {
        Path missing = directory.resolve("missing");

        ServiceProcess.Ended refusal = start(missing);

        assertSays(
                refusal,
                "The volume " + missing + " does not exist.",
                "Mount it, or set cowshed.volume to where it is mounted.");
        assertThat(missing).doesNotExist();
    }

    @Test
    void refusesAnEmptyDirectoryWhileItHasImages() throws IOException {
        Path empty = Files.createDirectory(directory.resolve("empty"));

        ServiceProcess.Ended refusal = start(empty);

        assertSays(
                refusal,
                "The volume " + empty + " has no marker cowshed-volume.json, and the catalogue has images.",
                "Mount the volume, or set cowshed.volume to where it is mounted.");
        assertThat(contents(empty)).isEmpty();
    }

    @Test
    void refusesTheVolumeOfAnotherInstallation() throws IOException {
        Path foreign = Files.createDirectory(directory.resolve("foreign"));
        String marker = "{\"installation\": \"01234567-89ab-4def-8123-456789abcdef\"}\n";
        Files.writeString(foreign.resolve("cowshed-volume.json"), marker);

        ServiceProcess.Ended refusal = start(foreign);

        assertSays(
                refusal,
                "belongs to installation 01234567-89ab-4def-8123-456789abcdef",
                "Set spring.datasource.url (or cowshed.data-dir) and cowshed.volume to a pair that belongs together.");
        assertThat(contents(foreign)).containsExactly("cowshed-volume.json");
        assertThat(foreign.resolve("cowshed-volume.json")).hasContent(marker.strip());
    }

    @Test
    void refusesADirectoryOfSomethingElse() throws IOException {
        Path fresh = Files.createDirectory(directory.resolve("fresh"));
        Path photographs = Files.createDirectory(fresh.resolve("photographs"));
        Files.createDirectory(photographs.resolve("1999"));

        ServiceProcess.Ended refusal = ServiceProcess.refused(fresh, "cowshed.volume=" + photographs);

        assertSays(
                refusal,
                "is no volume of Cowshed's, and not empty.",
                "Set cowshed.volume to a new or an empty directory.");
        assertThat(contents(photographs)).containsExactly("1999");
        assertThat(fresh.resolve("data/admin-token")).doesNotExist();
    }

    @Test
    void refusesAVolumeThatCannotBeWrittenTo() throws IOException {
        Path readOnly = directory.resolve("read-only");
        try (MountedVolume mounted = MountedVolume.tmpfs(readOnly, "size=8m")) {
            Files.copy(volume.resolve("cowshed-volume.json"), readOnly.resolve("cowshed-volume.json"));
            for (String part : List.of("images", "incoming", "retired")) {
                Files.createDirectory(readOnly.resolve(part));
            }
            mounted.remount("ro");

            ServiceProcess.Ended refusal = start(readOnly);

            assertSays(
                    refusal, "The volume " + readOnly + " cannot be used", "check how it is mounted and who owns it");
            assertThat(contents(readOnly)).containsExactly("cowshed-volume.json", "images", "incoming", "retired");
        }
    }

    private ServiceProcess.Ended start(Path otherVolume) {
        return ServiceProcess.refused(directory, "cowshed.volume=" + otherVolume);
    }

    private static void assertSays(ServiceProcess.Ended refusal, String problem, String remedy) {
        String report = refusal.requireReport(problem, remedy);
        assertThat(report.lines().filter(line -> !line.isBlank())).hasSizeLessThanOrEqualTo(6);
    }

    private static List<String> contents(Path path) throws IOException {
        try (Stream<Path> names = Files.list(path)) {
            return names.map(name -> name.getFileName().toString()).sorted().toList();
        }
    }
}
