package io.cowshed;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.ApiClient;
import io.cowshed.testing.ServiceProcess;
import io.cowshed.testing.TestDatabase;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import tools.jackson.databind.JsonNode;

/** Two replicas, of which one runs on a machine whose clock is five minutes ahead: both go by the database's. */
@Execution(ExecutionMode.CONCURRENT) // its services run in processes of their own
class ClockSkewTests {

    private static final List<String> FIVE_MINUTES_AHEAD = List.of(
            "env", "FAKETIME_DONT_FAKE_MONOTONIC=1", "NO_FAKE_STAT=1", "FAKE_UTIME=0", "faketime", "-f", "+300s");

    /** Whoever is silent for four of these is dead. */
    private static final String HEART = "db-scheduler.heartbeat-interval=1s";

    private static final Duration LONG = Duration.ofSeconds(90);

    @Test
    void nobodyIsTakenForDeadAndWhoDiesIsMissedInTime(@TempDir Path directory) throws Exception {
        try (TestDatabase database = TestDatabase.create(TestDatabase.Kind.POSTGRESQL);
                ServiceProcess right = ServiceProcess.start(
                        directory, List.of(), onto(database, directory, "cowshed.operations.bandwidth=64KiB"));
                ServiceProcess ahead = right.another(
                        directory.resolve("ahead"),
                        FIVE_MINUTES_AHEAD,
                        onto(database, directory, "cowshed.operations.bandwidth=64KiB"))) {
            JsonNode clock = ahead.api()
                    .get("/actuator/health")
                    .json()
                    .path("components")
                    .path("clock");
            assertThat(clock.path("details").path("agrees").asBoolean(true))
                    .as("%s", clock)
                    .isFalse();
            assertThat(Duration.parse(
                            clock.path("details").path("machineAheadOfDatabase").asString()))
                    .isBetween(Duration.ofSeconds(290), Duration.ofSeconds(310));
            assertThat(ahead.api().get("/actuator/health/readiness").status()).isEqualTo(200);

            byte[] content = new byte[1 << 20];
            new Random(20261128).nextBytes(content);
            Instant before = Instant.now();
            assertThat(ahead.api()
                            .upload("images?name=disk", "application/octet-stream", content)
                            .status())
                    .isEqualTo(201);
            assertThat(Instant.parse(right.api()
                            .get("images/disk")
                            .json()
                            .path("createdAt")
                            .asString()))
                    .isBetween(before.minusSeconds(5), Instant.now().plusSeconds(5));

            // A lease of a minute that the one gives is not over for the other.
            assertThat(ahead.api()
                            .postJson(
                                    "images/disk/attachments",
                                    "{\"holder\": \"h\", \"access\": \"ro\", \"ttl\": \"PT1M\"}")
                            .status())
                    .isEqualTo(201);
            assertThat(right.api()
                            .get("attachments?state=active")
                            .json()
                            .path("items")
                            .size())
                    .isEqualTo(1);
            assertThat(right.api()
                            .postJson(
                                    "images/disk/attachments",
                                    "{\"holder\": \"g\", \"access\": \"ro\", \"ttl\": \"PT1M\"}")
                            .status())
                    .isEqualTo(201);
            assertThat(ahead.api()
                            .get("attachments?state=active")
                            .json()
                            .path("items")
                            .size())
                    .isEqualTo(2);

            // Sixteen seconds of work, on either; the heartbeat is checked every two.
            String first = copy(right.api(), "first");
            String second = copy(ahead.api(), "second");
            assertThat(attempts(await(right.api(), first, ClockSkewTests::isOver)))
                    .isEqualTo(1);
            assertThat(attempts(await(right.api(), second, ClockSkewTests::isOver)))
                    .isEqualTo(1);

            // Begun by the one that is ahead, since the other does nothing meanwhile.
            right.pause();
            String third = copy(ahead.api(), "third");
            await(ahead.api(), third, shown -> shown.path("state").asString().equals("running"));
            ahead.kill();
            right.resume();
            assertThat(await(right.api(), third, ClockSkewTests::isOver)
                            .path("state")
                            .asString())
                    .isEqualTo("succeeded");
        }
    }

    private static String copy(ApiClient api, String name) {
        ApiClient.Answer begun = api.postJson("images/disk/copy", "{\"name\": \"" + name + "\", \"scope\": \"flat\"}");
        assertThat(begun.status()).as("%s", begun).isEqualTo(202);
        return begun.json().path("id").asString();
    }

    private static boolean isOver(JsonNode shown) {
        return !shown.path("finishedAt").isNull();
    }

    private static long attempts(JsonNode shown) {
        assertThat(shown.path("state").asString()).as("%s", shown).isEqualTo("succeeded");
        return shown.path("attempts").asLong();
    }

    private static JsonNode await(ApiClient api, String operation, Predicate<JsonNode> condition) {
        long begin = System.nanoTime();
        JsonNode shown = api.get("operations/" + operation).json();
        while (!condition.test(shown)) {
            assertThat(Duration.ofNanos(System.nanoTime() - begin))
                    .as("%s", shown)
                    .isLessThan(LONG);
            shown = api.get("operations/" + operation, "Prefer", "wait=1").json();
        }
        return shown;
    }

    private static String[] onto(TestDatabase database, Path directory, String... more) {
        List<String> properties = new ArrayList<>(Arrays.asList(database.properties()));
        properties.add("cowshed.volume=" + directory.resolve("volume"));
        properties.add(HEART);
        properties.addAll(Arrays.asList(more));
        return properties.toArray(String[]::new);
    }
}
