package io.cowshed.audit;

import static io.cowshed.testing.Eventually.until;
import static io.cowshed.testing.VerbChains.succeed;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.ApiClient;
import io.cowshed.testing.ServiceProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Random;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * An audit of some hundred images ({@code -Dcowshed.audit.images=1000} for more) whose permissions are all wrong, in a service with
 * little memory that is killed twice: while it looks, and while it mends. In the end each was found once, and all are as they
 * should be.
 */
@Timeout(600)
class AuditKillTests {

    private static final long SEED = Long.getLong("cowshed.seed", 20261128L);
    private static final int IMAGES = Integer.getInteger("cowshed.audit.images", 300);
    private static final int STRANGERS = 50;
    private static final String[] PROPERTIES = {
        "cowshed.audits.spare=PT0S",
        "db-scheduler.heartbeat-interval=500ms",
        // Slow enough to be killed on the way: a hundred images a second.
        "cowshed.operations.bandwidth=8MiB"
    };

    @Test
    void anAuditGoesOnWhereItWasKilled(@TempDir Path directory) throws Exception {
        Random random = new Random(SEED);
        System.out.println("seed " + SEED);
        Path volume = directory.resolve("data/volume");
        String id;
        try (ServiceProcess service = ServiceProcess.start(directory, List.of(), PROPERTIES)) {
            ApiClient api = service.api();
            succeed(api.postJson("images", "{\"name\": \"base\", \"virtualSize\": 1048576}"));
            succeed(api.post("images/base/seal", "Prefer", "wait=30"));
            succeed(api.postJson("images/base/clones", "{\"namePrefix\": \"c-\", \"count\": " + IMAGES + "}"));
            makeWrong(volume.resolve("images"));
            id = succeed(api.postJson("volume/audits", "{\"mend\": \"safe\", \"quarantine\": true}"))
                    .json()
                    .path("id")
                    .asString();
            killWhen(
                    service,
                    id,
                    1 + random.nextInt(IMAGES / 2),
                    audit -> audit.path("images").asLong());
        }
        try (ServiceProcess service = ServiceProcess.start(directory, List.of(), PROPERTIES)) {
            killWhen(service, id, 1 + random.nextInt(IMAGES / 2), audit -> count(audit, "mode", "mended"));
        }
        try (ServiceProcess service = ServiceProcess.start(directory, List.of(), PROPERTIES)) {
            JsonNode operation = awaited(service.api(), id);
            JsonNode audit = show(service.api(), id);
            assertThat(operation.path("state").asString()).as("%s", operation).isEqualTo("succeeded");
            assertThat(operation.path("attempts").asLong()).isEqualTo(3);
            assertThat(audit.path("images").asLong()).isEqualTo(IMAGES + 1);
            assertThat(count(audit, "mode", "found")).isEqualTo(IMAGES);
            // What was done when it was killed, and not written down, had passed by itself for the next.
            assertThat(count(audit, "mode", "mended")).isBetween(IMAGES - 1L, (long) IMAGES);
            assertThat(count(audit, "stranger", "found")).isEqualTo(STRANGERS);
            assertThat(names(volume.resolve("quarantine"))).isEqualTo(STRANGERS);
            assertThat(wrong(volume.resolve("images"))).isZero();
            assertThat(findings(service.api(), id)).isEqualTo(IMAGES + STRANGERS);

            JsonNode again = succeed(service.api().postJson("volume/audits", "{}", "Prefer", "wait=60"))
                    .json();
            assertThat(again.path("result").path("clean").asBoolean())
                    .as("%s", again)
                    .isTrue();
        }
    }

    private static void makeWrong(Path images) throws IOException {
        try (Stream<Path> files = Files.list(images)) {
            for (Path file : files.toList()) {
                if (Files.isWritable(file) && mode(file).equals("rw-rw----")) {
                    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
                }
            }
        }
        for (int i = 0; i < STRANGERS; i++) {
            Files.writeString(images.resolve("stranger-" + i), "somebody's");
        }
    }

    private static void killWhen(ServiceProcess service, String id, long least, ToLongFunction<JsonNode> howFar) {
        until(() -> {
            JsonNode audit = show(service.api(), id);
            assertThat(audit.path("state").asString()).isIn("queued", "running");
            return howFar.applyAsLong(audit) >= least;
        });
        service.kill();
    }

    private static JsonNode awaited(ApiClient api, String id) {
        JsonNode operation;
        do {
            operation =
                    succeed(api.get("operations/" + id, "Prefer", "wait=60")).json();
        } while (List.of("queued", "running").contains(operation.path("state").asString()));
        return operation;
    }

    private static JsonNode show(ApiClient api, String id) {
        return succeed(api.get("volume/audits/" + id)).json();
    }

    private static long count(JsonNode audit, String kind, String what) {
        return audit.path("findings")
                .valueStream()
                .filter(count -> count.path("kind").asString().equals(kind))
                .mapToLong(count -> count.path(what).asLong())
                .sum();
    }

    /** How many are listed, by pages. */
    private static long findings(ApiClient api, String id) {
        long found = 0;
        String cursor = "0";
        while (!cursor.isEmpty()) {
            JsonNode page = succeed(api.get("volume/audits/" + id + "/findings?limit=400&cursor=" + cursor))
                    .json();
            found += page.path("items").size();
            cursor = page.path("nextCursor").asString("");
        }
        return found;
    }

    private static long names(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.count();
        }
    }

    private static long wrong(Path images) throws IOException {
        try (Stream<Path> files = Files.list(images)) {
            return files.filter(file -> mode(file).equals("rw-------")).count();
        }
    }

    private static String mode(Path file) {
        try {
            return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
