package io.cowshed.pool;

import static io.cowshed.testing.VerbChains.succeed;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.ApiClient;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.ServiceProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * {@code kill -9} while clones are taken from a pool, which is filled, made smaller and larger. Afterwards who was told that he
 * has a clone has it, alone, and whatever says that it is in the pool is. {@code -Dcowshed.kills=50} sets how many times.
 */
@Timeout(600)
class PoolKillTests {

    private static final int KILLS = Integer.getInteger("cowshed.kills", 1);
    private static final long SEED = Long.getLong("cowshed.seed", 20261121L);
    private static final int CALLERS = 4;
    private static final int SIZE = 12;

    /** The names that were acknowledged, by id. */
    private final Map<String, String> taken = new ConcurrentHashMap<>();

    private final AtomicInteger names = new AtomicInteger();

    @Test
    void whatWasTakenStaysTakenAndThePoolIsWhole(@TempDir Path directory) throws Exception {
        Random random = new Random(SEED);
        for (int kill = 0; kill < KILLS; kill++) {
            load(directory, random, kill == 0);
            check(directory);
        }
    }

    private void load(Path directory, Random random, boolean first) throws InterruptedException {
        ServiceProcess service = ServiceProcess.start(directory, List.of());
        ApiClient api = service.api();
        if (first) {
            succeed(api.postJson("images", "{\"name\": \"base\", \"virtualSize\": 1048576}"));
            succeed(api.post("images/base/seal", "Prefer", "wait=30"));
            succeed(api.postJson("families", "{\"name\": \"guest\"}"));
            succeed(api.postJson("families/guest/versions", "{\"version\": \"1\", \"image\": \"base\"}"));
        }
        AtomicInteger calls = new AtomicInteger();
        int killAfter = 40 + random.nextInt(60);
        List<Thread> callers = IntStream.range(0, CALLERS)
                .mapToObj(_ -> {
                    Random own = new Random(random.nextLong());
                    return Thread.ofVirtual().start(() -> {
                        try {
                            while (true) {
                                if (calls.incrementAndGet() == killAfter) {
                                    Thread.ofPlatform().start(service::kill);
                                }
                                call(api, own);
                            }
                        } catch (UncheckedIOException e) {
                            // Killed: this call was not acknowledged.
                        }
                    });
                })
                .toList();
        for (Thread caller : callers) {
            caller.join();
        }
        service.kill();
    }

    private void call(ApiClient api, Random random) {
        if (random.nextInt(5) == 0) {
            resize(api, random.nextInt(2 * SIZE));
            return;
        }
        String name = "job-" + names.incrementAndGet();
        Answer answer = succeed(api.postJson("families/guest/claims", "{\"name\": \"" + name + "\"}"));
        assertThat(taken.put(answer.json().path("id").asString(), name)).isNull();
    }

    private static void resize(ApiClient api, int size) {
        succeed(api.call(
                "PUT",
                "families/guest/pool",
                BodyPublishers.ofString("{\"size\": " + size + "}"),
                "Content-Type",
                "application/json"));
    }

    private void check(Path directory) throws IOException {
        try (ServiceProcess service = ServiceProcess.start(directory, List.of())) {
            ApiClient api = service.api();
            assertThat(taken).as("the load did something").hasSizeGreaterThan(1);
            taken.forEach((id, name) -> assertThat(
                            succeed(api.get("images/" + id)).json().path("name").asString())
                    .isEqualTo(name));
            resize(api, SIZE);
            while (pooled(api).size() != SIZE
                    || api.get("families/guest/pool").json().path("ready").asInt() != SIZE) {
                Thread.onSpinWait();
            }
            assertThat(pooled(api).valueStream().map(image -> image.path("id").asString()))
                    .doesNotContainAnyElementsOf(taken.keySet());
        }
        for (String side : List.of("incoming", "retired")) {
            try (Stream<Path> files =
                    Files.list(directory.resolve("data/volume").resolve(side))) {
                assertThat(files).isEmpty();
            }
        }
    }

    private static JsonNode pooled(ApiClient api) {
        return succeed(api.get("images?limit=1000&label=cowshed.pool%3Dguest"))
                .json()
                .path("items");
    }
}
