package io.cowshed.bench;

import static io.cowshed.testing.Eventually.until;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.ApiClient;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.TestService;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Clones taken from a pool, which is filled again meanwhile. {@code -Dcowshed.pool.claims=200} takes fewer. */
@Tag("bench")
class PoolBench {

    private static final int POOL = 500;
    private static final int CLAIMS = Integer.getInteger("cowshed.pool.claims", 2000);
    private static final int WARM_UP = CLAIMS;
    private static final int CLIENTS = 4;
    private static final int PER_SECOND = 20;
    private static final long SECOND = 1_000_000_000;

    private final AtomicInteger names = new AtomicInteger();

    @ParameterizedTest
    @EnumSource(TestDatabase.Kind.class)
    void claims(TestDatabase.Kind kind, @TempDir Path directory) throws Exception {
        Report report = new Report();
        try (TestDatabase database = TestDatabase.create(kind);
                TestService service = TestService.start(database, directory)) {
            ApiClient api = service.api();
            require(201, api.postJson("images", "{\"name\": \"base\", \"virtualSize\": \"8GiB\"}"));
            require(200, api.post("images/base/seal"));
            require(201, api.postJson("families", "{\"name\": \"bench\"}"));
            require(201, api.postJson("families/bench/versions", "{\"version\": \"1\", \"image\": \"base\"}"));
            require(
                    201,
                    api.call(
                            "PUT",
                            "families/bench/pool",
                            BodyPublishers.ofString("{\"size\": " + POOL + "}"),
                            "Content-Type",
                            "application/json"));
            // Until the JVM has compiled what a claim runs through.
            claim(api, WARM_UP);
            awaitFull(api);
            row(report, "a claim, " + PER_SECOND + " a second", claim(api, CLAIMS, SECOND / PER_SECOND));
            awaitFull(api);
            row(report, "a claim, one client, one after the other", claim(api, CLAIMS));
            awaitFull(api);
            row(report, "a claim, " + CLIENTS + " clients", claimAtOnce(api));
        }
        report.print("Claims from a pool of " + POOL + " on " + kind);
    }

    /** The times in milliseconds, and how many lay ready. */
    @SuppressWarnings("ArrayRecordComponent") // nobody compares them
    private record Taken(double[] millis, long pooled) {}

    private static void row(Report report, String work, Taken taken) {
        report.row(
                work + ", " + taken.pooled() + " of " + taken.millis().length + " pooled",
                "p50 %.1f ms, p99 %.1f ms"
                        .formatted(Report.median(taken.millis()), Report.percentile(taken.millis(), 99)),
                "",
                "",
                "p99 < 20 ms");
    }

    private Taken claim(ApiClient api, int count) {
        return claim(api, count, 0);
    }

    /** @param pause in nanoseconds from when one is due to when the next is; its time counts from then, however late it began */
    private Taken claim(ApiClient api, int count, long pause) {
        long first = System.nanoTime();
        double[] millis = new double[count];
        long pooled = 0;
        for (int i = 0; i < count; i++) {
            String body = "{\"name\": \"job-" + names.incrementAndGet() + "\", \"ttl\": \"PT8H\"}";
            long start = pause == 0 ? System.nanoTime() : await(first + i * pause);
            ApiClient.Answer answer = api.postJson("families/bench/claims", body);
            millis[i] = (System.nanoTime() - start) / 1e6;
            require(201, answer);
            pooled += answer.header("Cowshed-Pooled").equals("true") ? 1 : 0;
        }
        return new Taken(millis, pooled);
    }

    private static long await(long due) {
        while (System.nanoTime() < due) {
            LockSupport.parkNanos(due - System.nanoTime());
        }
        return due;
    }

    private Taken claimAtOnce(ApiClient api) throws InterruptedException {
        List<Taken> all = new ArrayList<>();
        List<Thread> clients = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            clients.add(Thread.ofPlatform().start(() -> {
                Taken taken = claim(api, CLAIMS / CLIENTS);
                synchronized (all) {
                    all.add(taken);
                }
            }));
        }
        for (Thread client : clients) {
            client.join();
        }
        assertThat(all).hasSize(CLIENTS);
        return new Taken(
                all.stream()
                        .flatMapToDouble(taken -> Arrays.stream(taken.millis()))
                        .toArray(),
                all.stream().mapToLong(Taken::pooled).sum());
    }

    private static void awaitFull(ApiClient api) {
        until(() -> api.get("families/bench/pool").json().path("ready").asInt() >= POOL);
    }

    private static void require(int status, ApiClient.Answer answer) {
        assertThat(answer.status()).as("%s", answer).isEqualTo(status);
    }
}
