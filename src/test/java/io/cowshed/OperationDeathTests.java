package io.cowshed;

import static io.cowshed.testing.Eventually.until;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.testing.ApiClient;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.ServiceProcess;
import io.cowshed.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * Replicas that stop, die or fall silent in the middle of an operation on a real image: it is done all the same, once, and the
 * image never reads otherwise. {@code -Dcowshed.deaths=20} sets how many die one after the other on the embedded database.
 */
class OperationDeathTests {

    private static final int DEATHS = Integer.getInteger("cowshed.deaths", 1);
    private static final long SEED = Long.getLong("cowshed.seed", 20261120L);
    private static final int DISK = 8 << 20;

    /** Such that an operation takes two minutes, however many attempts share in it. */
    private static final String SLOW = "cowshed.operations.bandwidth=64KiB";

    /** Such that it takes eight seconds. */
    private static final String LESS_SLOW = "cowshed.operations.bandwidth=1MiB";

    /** Such that a death is noticed after four seconds to seven. */
    private static final String FAST_HEART = "db-scheduler.heartbeat-interval=1s";

    /** 25 seconds, and one because that is how often this looks. */
    private static final Duration NOTICED = Duration.ofSeconds(26);

    private static final Duration LONG = Duration.ofSeconds(60);

    @Test
    void anotherReplicaGoesOnAtOnceWhenOneStopsAndSoonWhenOneDies(@TempDir Path directory) throws Exception {
        try (TestDatabase database = TestDatabase.create(TestDatabase.Kind.POSTGRESQL)) {
            String[] slow = onto(database, directory, SLOW);
            try (ServiceProcess first = ServiceProcess.start(directory, List.of(), slow)) {
                Disk disk = Disk.make(directory, first.api());
                String operation = disk.begin(first.api());
                await(first.api(), operation, OperationDeathTests::isUnderWay);
                try (ServiceProcess second = first.another(directory.resolve("second"), slow)) {
                    long stopped = System.nanoTime();
                    first.stop();
                    await(second.api(), operation, shown -> attempts(shown) == 2);
                    // Had nobody told the others, they would have missed it after sixteen seconds.
                    assertThat(since(stopped)).isLessThan(Duration.ofSeconds(12));
                    disk.requireUnchanged();

                    try (ServiceProcess third = second.another(directory.resolve("third"), onto(database, directory))) {
                        await(third.api(), operation, OperationDeathTests::isUnderWay);
                        long died = System.nanoTime();
                        second.kill();
                        await(third.api(), operation, shown -> attempts(shown) == 3);
                        assertThat(since(died)).isLessThan(NOTICED);
                        disk.requireSplit(third.api(), operation);
                    }
                }
            }
        }
    }

    @Test
    void aReplicaThatFellSilentWritesNothingWhenItWakes(@TempDir Path directory) throws Exception {
        try (TestDatabase database = TestDatabase.create(TestDatabase.Kind.POSTGRESQL)) {
            try (ServiceProcess zombie = ServiceProcess.start(
                            directory, List.of(), onto(database, directory, LESS_SLOW, FAST_HEART));
                    ServiceProcess other =
                            zombie.another(directory.resolve("other"), onto(database, directory, FAST_HEART))) {
                Disk disk = Disk.make(directory, zombie.api());
                // So that the slow one begins.
                other.pause();
                String operation = disk.begin(zombie.api());
                await(zombie.api(), operation, OperationDeathTests::isUnderWay);
                zombie.pause();
                other.resume();
                // The file is still locked, so that no attempt comes to anything; none gives up, either.
                JsonNode waiting = await(other.api(), operation, shown -> attempts(shown) >= 3);
                assertThat(waiting.path("state").asString()).isIn("queued", "running");
                disk.requireUnchanged();

                zombie.resume();
                disk.requireSplit(other.api(), operation);
                assertThat(zombie.api().get("operations/" + operation).json())
                        .isEqualTo(other.api().get("operations/" + operation).json());
            }
        }
    }

    @Test
    void theOnlyReplicaGoesOnWhenItIsStartedAgain(@TempDir Path directory) throws Exception {
        Random random = new Random(SEED);
        ServiceProcess service = ServiceProcess.start(directory, List.of(), volume(directory), LESS_SLOW, FAST_HEART);
        try {
            Disk disk = Disk.make(directory, service.api());
            assertThat(service.api()
                            .post("images/disk/seal", "Prefer", "wait=30")
                            .status())
                    .isEqualTo(200);
            String operation = disk.begin(service.api());
            for (int death = 1; death <= DEATHS; death++) {
                int attempt = death;
                long enough = random.nextLong(DISK / 4);
                await(
                        service.api(),
                        operation,
                        shown -> attempts(shown) == attempt && isUnderWay(shown) && done(shown) > enough);
                service.kill();
                service = death == DEATHS
                        ? ServiceProcess.start(directory, List.of(), volume(directory), FAST_HEART)
                        : ServiceProcess.start(directory, List.of(), volume(directory), LESS_SLOW, FAST_HEART);
            }
            assertThat(attempts(disk.requireSplit(service.api(), operation))).isEqualTo(DEATHS + 1);
            // What the last attempt made goes when it is over; what those made that died went at the start.
            awaitEmpty(directory.resolve("volume/incoming"));
        } finally {
            service.stop();
        }
    }

    @Test
    void whatIsCancelledAfterADeathLeavesTheImageAsItWas(@TempDir Path directory) throws Exception {
        ServiceProcess service = ServiceProcess.start(directory, List.of(), volume(directory), SLOW, FAST_HEART);
        try {
            Disk disk = Disk.make(directory, service.api());
            long before = Files.size(disk.file());
            String operation = disk.begin(service.api());
            await(service.api(), operation, OperationDeathTests::isUnderWay);
            service.kill();
            assertThat(Files.size(disk.file())).isGreaterThan(before + DISK / 8);
            service = ServiceProcess.start(directory, List.of(), volume(directory), SLOW, FAST_HEART);
            assertThat(service.api().post("operations/" + operation + "/cancel").status())
                    .isEqualTo(200);

            JsonNode ended = await(
                    service.api(), operation, shown -> !shown.path("finishedAt").isNull());

            assertThat(ended.path("state").asString()).as("%s", ended).isEqualTo("cancelled");
            disk.requireUnchanged();
            assertThat(QemuImg.check(disk.file())).doesNotContainKeys("corruptions", "leaks", "allocated-clusters");
            assertThat(Files.size(disk.file())).isLessThan(before + DISK / 8);
        } finally {
            service.stop();
        }
    }

    /** A clone whose content is known. */
    private record Disk(Path file, Path content) {

        static Disk make(Path directory, ApiClient api) throws IOException {
            byte[] bytes = new byte[DISK];
            new Random(SEED).nextBytes(bytes);
            assertThat(api.upload("images?name=base", "application/octet-stream", bytes)
                            .status())
                    .isEqualTo(201);
            assertThat(api.post("images/base/seal", "Prefer", "wait=30").status())
                    .isEqualTo(200);
            Answer clone = api.postJson("images/base/clones", "{\"name\": \"disk\"}");
            assertThat(clone.status()).as("%s", clone).isEqualTo(201);
            Path file = directory
                    .resolve("volume")
                    .resolve(api.get("images/disk").json().path("path").asString());
            return new Disk(file, Files.write(directory.resolve("content.raw"), bytes));
        }

        String begin(ApiClient api) {
            Answer accepted = api.post("images/disk/split");
            assertThat(accepted.status()).as("%s", accepted).isEqualTo(202);
            return accepted.json().path("id").asString();
        }

        /** That the image is still the clone it was, whoever may hold its file. */
        void requireUnchanged() {
            assertThat(QemuImg.run("info", "-U", file.toString())).contains("backing file:");
            assertThat(QemuImg.run("compare", "-U", file.toString(), content.toString()))
                    .contains("identical");
        }

        /** That the operation ends well, and the image is a base that reads the same. */
        JsonNode requireSplit(ApiClient api, String operation) {
            JsonNode ended = await(
                    api,
                    operation,
                    shown -> !shown.path("state").asString().equals("running")
                            && !shown.path("state").asString().equals("queued"));
            assertThat(ended.path("state").asString()).as("%s", ended).isEqualTo("succeeded");
            assertThat(done(ended))
                    .isEqualTo(ended.path("progress").path("totalBytes").asLong());
            JsonNode image = api.get("images/disk").json();
            assertThat(image.path("parent").isNull()).isTrue();
            assertThat(image.path("operation").isNull()).isTrue();
            assertThat(QemuImg.run("info", file.toString())).doesNotContain("backing file:");
            assertThat(QemuImg.run("compare", file.toString(), content.toString()))
                    .contains("identical");
            assertThat(QemuImg.check(file)).doesNotContainKeys("corruptions", "leaks");
            return ended;
        }
    }

    private static String volume(Path directory) {
        return "cowshed.volume=" + directory.resolve("volume");
    }

    private static String[] onto(TestDatabase database, Path directory, String... more) {
        return database.properties(
                Stream.concat(Stream.of(volume(directory)), Stream.of(more)).toArray(String[]::new));
    }

    private static boolean isUnderWay(JsonNode shown) {
        return shown.path("state").asString().equals("running") && done(shown) > 0;
    }

    private static long done(JsonNode shown) {
        return shown.path("progress").path("doneBytes").asLong();
    }

    private static long attempts(JsonNode shown) {
        return shown.path("attempts").asLong();
    }

    /** The operation as soon as it is so. */
    private static JsonNode await(ApiClient api, String operation, Predicate<JsonNode> condition) {
        long begin = System.nanoTime();
        JsonNode shown = api.get("operations/" + operation).json();
        while (!condition.test(shown)) {
            if (since(begin).compareTo(LONG) > 0) {
                throw new AssertionError("it did not come so far: " + shown);
            }
            // Ends at once when the operation does.
            shown = api.get("operations/" + operation, "Prefer", "wait=1").json();
        }
        return shown;
    }

    private static void awaitEmpty(Path names) {
        until(() -> {
            try (Stream<Path> left = Files.list(names)) {
                return left.findAny().isEmpty();
            }
        });
    }

    private static Duration since(long begin) {
        return Duration.ofNanos(System.nanoTime() - begin);
    }
}
