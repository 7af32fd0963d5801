package io.cowshed;

import static io.cowshed.testing.Eventually.until;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.ApiClient;
import io.cowshed.testing.ServiceProcess;
import io.cowshed.testing.SkewedClock;
import io.cowshed.testing.TestDatabase;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Two replicas, of which one is on a machine whose clock is fast, and the other on one whose clock is slow. */
class ClockSkewTests {

    private static final Duration SKEW = Duration.ofMinutes(5);

    /** Of two clocks, with all that lies between reading one and reading the other. */
    private static final Duration AGREED = Duration.ofSeconds(30);

    /** Such that the copy takes eight seconds, twice as long as one without a sign of life is waited for. */
    private static final String SLOW = "cowshed.operations.bandwidth=1MiB";

    private static final String FAST_HEART = "db-scheduler.heartbeat-interval=1s";
    private static final int DISK = 8 << 20;

    @Test
    void replicasAgreeOnWhatIsDueAndWhoIsAlive(@TempDir Path directory) throws Exception {
        try (TestDatabase database = TestDatabase.create(TestDatabase.Kind.POSTGRESQL);
                ServiceProcess ahead = ServiceProcess.start(
                        directory, List.of(), options(directory, SKEW), properties(database, directory));
                ServiceProcess behind = ahead.another(
                        directory.resolve("behind"),
                        options(directory, SKEW.negated()),
                        properties(database, directory))) {
            requireTold(ahead.api(), SKEW);
            requireTold(behind.api(), SKEW.negated());
            requireSameLease(ahead.api(), behind.api());
            byte[] disk = new byte[DISK];
            Arrays.fill(disk, (byte) 1);
            assertThat(ahead.api()
                            .upload("images?name=disk", "application/octet-stream", disk)
                            .status())
                    .isEqualTo(201);
            requireDoneOnce(ahead, behind, "by-the-one-ahead");
            requireDoneOnce(behind, ahead, "by-the-one-behind");
        }
    }

    private static List<String> options(Path directory, Duration skew) {
        return List.of("-XX:TieredStopAtLevel=1", SkewedClock.option(directory, skew));
    }

    /** With a token health says by how much; without, whoever probes need not know. */
    private static void requireTold(ApiClient api, Duration skew) {
        JsonNode clock = api.get("/actuator/health")
                .json()
                .path("components")
                .path("clock")
                .path("details");
        assertThat(Duration.parse(clock.path("machineAheadOfDatabase").asString()))
                .isBetween(skew.minus(AGREED), skew.plus(AGREED));
        assertThat(clock.path("agrees").asBoolean()).isFalse();
        assertThat(api.get("/actuator/health/readiness").status()).isEqualTo(200);
    }

    private static void requireSameLease(ApiClient ahead, ApiClient behind) {
        assertThat(ahead.postJson("images", "{\"name\": \"base\", \"virtualSize\": \"1MiB\"}")
                        .status())
                .isEqualTo(201);
        assertThat(ahead.post("images/base/seal").status()).isEqualTo(200);
        Instant begin = Instant.now();
        for (ApiClient api : List.of(ahead, behind)) {
            String name = api == ahead ? "leased-by-the-one-ahead" : "leased-by-the-one-behind";
            assertThat(api.postJson("images/base/clones", "{\"name\": \"" + name + "\", \"ttl\": \"PT2M\"}")
                            .status())
                    .isEqualTo(201);
            JsonNode image = behind.get("images/" + name).json();
            assertThat(Instant.parse(image.path("expiresAt").asString()))
                    .isBetween(
                            begin.plus(Duration.ofMinutes(2)).minus(AGREED),
                            begin.plus(Duration.ofMinutes(2)).plus(AGREED));
            assertThat(Instant.parse(image.path("createdAt").asString()))
                    .isBetween(begin.minus(AGREED), begin.plus(AGREED));
        }
    }

    /** The other one watches for twice as long as a replica that gives no sign of life is waited for. */
    private static void requireDoneOnce(ServiceProcess worker, ServiceProcess other, String name) {
        other.pause();
        String operation = worker.api()
                .postJson("images/disk/copy", "{\"name\": \"" + name + "\", \"scope\": \"flat\"}")
                .json()
                .path("id")
                .asString();
        until(() ->
                operation(worker, operation).path("progress").path("doneBytes").asLong() > 0);
        other.resume();
        until(() -> !operation(other, operation).path("finishedAt").isNull());
        JsonNode ended = operation(other, operation);
        assertThat(ended.path("state").asString()).as("%s", ended).isEqualTo("succeeded");
        assertThat(ended.path("attempts").asInt()).isOne();
    }

    private static JsonNode operation(ServiceProcess service, String operation) {
        return service.api().get("operations/" + operation).json();
    }

    private static String[] properties(TestDatabase database, Path directory) {
        return database.properties("cowshed.volume=" + directory.resolve("volume"), SLOW, FAST_HEART);
    }
}
