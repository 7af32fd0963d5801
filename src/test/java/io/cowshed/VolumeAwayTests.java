package io.cowshed;

import static io.cowshed.testing.Eventually.until;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.ApiClient;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.Background;
import io.cowshed.testing.MountedVolume;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.TestService;
import io.cowshed.volume.Volume;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** A volume that is unmounted under a running service, and mounted again. Needs root. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.Random.class)
class VolumeAwayTests {

    private static final String RAW = "application/octet-stream";

    private Path place;
    private MountedVolume mounted;
    private TestDatabase database;
    private TestService service;
    private ApiClient api;

    @BeforeAll
    void startOnAMountedVolume(@TempDir Path directory) {
        place = directory.resolve("volume");
        mounted = MountedVolume.ext4(directory.resolve("disk"), 64 << 20, place);
        database = TestDatabase.create(TestDatabase.Kind.H2);
        service = TestService.start(database, directory);
        api = service.api();
        made(api.postJson("images", "{\"name\": \"base\", \"virtualSize\": \"1MiB\"}"));
        assertThat(api.post("images/base/seal").status()).isEqualTo(200);
        made(api.postJson("images/base/clones", "{\"name\": \"clone\"}"));
        made(api.postJson("images", "{\"name\": \"sealed\", \"virtualSize\": \"1MiB\"}"));
        assertThat(api.post("images/sealed/seal").status()).isEqualTo(200);
        made(api.postJson("images", "{\"name\": \"trashed\", \"virtualSize\": \"1MiB\"}"));
        assertThat(api.delete("images/trashed").status()).isEqualTo(204);
    }

    @AfterAll
    void stopAndUnmount() {
        service.close();
        database.close();
        mounted.close();
    }

    @Test
    void nothingIsDoneOnAnEmptyMountPointAndAllAgainWhenItIsBack() throws IOException {
        whileAway(() -> {
            requireRefusals("is not mounted at " + place);
            assertThat(below(place)).isEmpty();
        });
    }

    /** As a start before anything was mounted would have left there, while the catalogue was empty. */
    @Test
    void nothingIsDoneOnAnotherVolumeOfTheSameInstallationBelowTheMountPoint() throws IOException {
        String marker = Files.readString(place.resolve("cowshed-volume.json"));
        String other = marker.replaceFirst("(\"volume\": \")[^\"]+", "$1" + UUID.randomUUID());
        assertThat(other).isNotEqualTo(marker);
        whileAway(() -> {
            Files.writeString(place.resolve("cowshed-volume.json"), other);
            for (String part : List.of("images", "incoming", "retired", "seeds", "catalogue")) {
                Files.createDirectory(place.resolve(part));
            }
            List<Path> before = below(place);
            try {
                requireRefusals("is another volume than the service started with");
                assertThat(below(place)).isEqualTo(before);
            } finally {
                for (Path path : below(place).reversed()) {
                    Files.delete(path);
                }
            }
        });
    }

    @Test
    void anImportThatLosesItsVolumeOnTheWayIsRefusedAndClearedAwayLater() throws Exception {
        PipedOutputStream sender = new PipedOutputStream();
        // It has room for all: a service that refuses early reads no further, and the writer would wait for ever.
        PipedInputStream body = new PipedInputStream(sender, 2 << 20);
        CompletableFuture<Answer> answer =
                Background.run(() -> api.upload("images?name=half", RAW, BodyPublishers.ofInputStream(() -> body)));
        sender.write(new byte[1 << 20]);
        until(() -> !files("incoming").isEmpty());
        whileAway(() -> {
            sender.write(new byte[1 << 20]);
            sender.close();
            requireRefusal(answer.orTimeout(1, TimeUnit.MINUTES).join(), "is not mounted at");
            assertThat(below(place)).isEmpty();
        });
        service.bean(Volume.class).sweep(_ -> false, _ -> false, _ -> false);
        assertThat(files("incoming")).isEmpty();
        assertThat(api.get("images/half").problem()).isEqualTo("not-found");
    }

    private interface Scenario {
        void play() throws IOException;
    }

    /** Plays it while nothing is mounted, and makes sure that the service is ready before, not then, and after. */
    private void whileAway(Scenario scenario) throws IOException {
        awaitReadiness(200);
        mounted.close();
        try {
            awaitReadiness(503);
            assertThat(api.get("/actuator/health/liveness").status()).isEqualTo(200);
            scenario.play();
        } finally {
            mounted.mountAgain();
        }
        awaitReadiness(200);
        requireEverythingAsBefore();
    }

    private void requireRefusals(String why) {
        List<Supplier<Answer>> calls = List.of(
                () -> api.get("images/base/content"),
                () -> api.get("images/clone/extents"),
                () -> api.get("volume"),
                () -> api.postJson("images", "{\"name\": \"blank\", \"virtualSize\": \"1MiB\"}"),
                () -> api.upload("images?name=import", RAW, new byte[4096]),
                () -> api.postJson("images/base/clones", "{\"name\": \"another\"}"),
                () -> api.postJson("images/base/clones", "{\"namePrefix\": \"a-\", \"count\": 3}"),
                () -> api.postJson(
                        "images/base/clones", "{\"name\": \"seeded\", \"seed\": {\"userData\": \"#!/bin/sh\"}}"),
                () -> api.post("images/clone/seal"),
                () -> api.post("images/sealed/unseal"),
                () -> api.delete("images/clone?purge=true"),
                () -> api.post("images/clone/split"),
                () -> api.delete("images/clone"));
        calls.forEach(call -> requireRefusal(call.get(), why));

        // What needs the catalogue only is there.
        assertThat(api.get("images/base").status()).isEqualTo(200);
        assertThat(api.patch("images/clone", "{\"description\": \"d\"}").status())
                .isEqualTo(200);
        // What was seen up to a second ago may still be what is answered.
        until(() -> volumeDetails().path("problem").asString().contains(why));
        assertThat(volumeDetails().path("remedy").asString()).contains("ount");
        assertThat(new String(service.as("").get("/actuator/health/readiness").bytes(), StandardCharsets.UTF_8))
                .doesNotContain("volume");
    }

    private JsonNode volumeDetails() {
        return api.get("/actuator/health/readiness")
                .json()
                .path("components")
                .path("volume")
                .path("details");
    }

    private static void requireRefusal(Answer answer, String why) {
        assertThat(answer.status()).as("%s", answer).isEqualTo(503);
        assertThat(answer.problem()).isEqualTo("volume-unavailable");
        assertThat(answer.json().path("detail").asString()).contains(why);
        assertThat(answer.json().path("action").asString()).contains("the service then goes on by itself");
        assertThat(answer.header("Retry-After")).isNotEmpty();
    }

    private void requireEverythingAsBefore() {
        assertThat(api.get("images?sort=name").json().path("items").findValuesAsString("name"))
                .contains("base", "clone")
                .doesNotContain("blank", "import", "another", "a-1", "seeded");
        assertThat(api.get("images/clone/content").status()).isEqualTo(200);
        made(api.postJson("images/base/clones", "{\"name\": \"after\"}"));
        assertThat(api.delete("images/after?purge=true").status()).isEqualTo(204);
        assertThat(files("incoming").size() + files("retired").size()).isLessThanOrEqualTo(1);
    }

    private List<Path> files(String part) {
        try {
            return below(place.resolve(part));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static List<Path> below(Path root) throws IOException {
        try (Stream<Path> paths = Files.walk(root)) {
            return paths.filter(path -> !path.equals(root)).sorted().toList();
        }
    }

    private void awaitReadiness(int status) {
        until(() -> api.get("/actuator/health/readiness").status() == status);
    }

    private static void made(Answer answer) {
        assertThat(answer.status()).as("%s", answer).isEqualTo(201);
    }
}
