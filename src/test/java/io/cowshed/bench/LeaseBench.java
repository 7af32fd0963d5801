package io.cowshed.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.catalog.Leases;
import io.cowshed.testing.ApiClient;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.TestService;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Disks that expire, beside clones that are made at the same time; and in a catalogue of a million. */
@Tag("bench")
class LeaseBench {

    private static final int EXPIRED = 10_000;
    private static final int MILLION = 1_000_000;
    private static final int RUNS = 100;
    private static final long QUIET_NANOS = 20_000_000_000L;

    /** Who asks without a pause takes a processor from what is measured. */
    private static final ConditionFactory POLL = Awaitility.await()
            .atMost(Duration.ofMinutes(10))
            .pollDelay(Duration.ZERO)
            .pollInterval(Duration.ofMillis(100));

    private final AtomicInteger names = new AtomicInteger();

    @ParameterizedTest
    @EnumSource(TestDatabase.Kind.class)
    void sweep(TestDatabase.Kind kind, @TempDir Path directory) throws Exception {
        Report report = new Report();
        try (TestDatabase database = TestDatabase.create(kind);
                TestService service = TestService.start(database, directory)) {
            ApiClient api = service.api();
            assertThat(api.postJson("images", "{\"name\": \"base\", \"virtualSize\": \"8GiB\"}")
                            .status())
                    .isEqualTo(201);
            assertThat(api.post("images/base/seal").status()).isEqualTo(200);
            for (int i = 0; i < EXPIRED / 1000; i++) {
                assertThat(api.postJson(
                                        "images/base/clones",
                                        "{\"namePrefix\": \"old-" + i
                                                + "-\", \"count\": 1000, \"ttl\": \"PT8H\", \"onExpire\": \"delete\"}")
                                .status())
                        .isEqualTo(201);
            }
            AtomicBoolean over = new AtomicBoolean();
            // Until the JVM has compiled what a clone runs through.
            cloneFor(api, QUIET_NANOS, over);
            double[] before = cloneFor(api, QUIET_NANOS, over);

            update(
                    database,
                    "update image set expires_at = created_at, expiry_warn_at = created_at,"
                            + " expiry_warned_at = created_at, expiry_due_at = created_at where lifetime = 'disposable'");
            List<Double> during = new ArrayList<>();
            Thread cloning = Thread.ofPlatform().start(() -> {
                for (double millis : cloneFor(api, Long.MAX_VALUE / 2, over)) {
                    during.add(millis);
                }
            });
            POLL.until(() -> count(database) < EXPIRED);
            long start = System.nanoTime();
            POLL.until(() -> count(database) == 0);
            double seconds = (System.nanoTime() - start) / 1e9;
            over.set(true);
            cloning.join();
            double[] beside = during.stream().mapToDouble(Double::doubleValue).toArray();
            report.row("10,000 expired disks removed", "%.1f s".formatted(seconds), "", "", "< 60 s");
            report.row(
                    "p99 of a clone meanwhile, and without",
                    "%.1f ms, %.1f ms".formatted(Report.percentile(beside, 99), Report.percentile(before, 99)),
                    "",
                    "%.2f".formatted(Report.percentile(beside, 99) / Report.percentile(before, 99)),
                    "≤ 2");
        }
        report.print("Expiry on " + kind);
    }

    @Test
    void amongAMillion(@TempDir Path directory) throws Exception {
        Report report = new Report();
        try (TestDatabase database = TestDatabase.create(TestDatabase.Kind.POSTGRESQL);
                TestService service = TestService.start(database, directory)) {
            Fleet.in(database, MILLION);
            // A tenth of them disposable, of which 20,000 are due.
            update(
                    database,
                    "update image set lifetime = 'disposable', lease_from = created_at, on_expire = 'keep-and-flag',"
                            + " expires_at = '2100-01-01T00:00:00Z', expiry_warn_at = '2100-01-01T00:00:00Z', expiry_attempts = 0,"
                            + " expiry_due_at = '2100-01-01T00:00:00Z' where mod(virtual_size / 1048576, 10) = 1 and parent_id is not null");
            update(
                    database,
                    "update image set expiry_due_at = created_at where id in (select id from image"
                            + " where lifetime = 'disposable' order by id limit 20000)");
            update(database, "vacuum analyze");
            Leases leases = service.bean(Leases.class);
            double[] millis = new double[RUNS];
            for (int i = 0; i < RUNS; i++) {
                long start = System.nanoTime();
                assertThat(leases.takeDue(100)).isNotEmpty();
                millis[i] = (System.nanoTime() - start) / 1e6;
            }
            report.times("take on 100 images that are due", millis, "< 100 ms");
            ApiClient api = service.api();
            list(api, report, "list by a label that 200 have", "images?limit=100&label=rare%3Dyes");
            list(api, report, "list by a label that 50,000 have", "images?limit=100&label=team%3Dteam-3");
            list(api, report, "list by two labels", "images?limit=100&label=team%3Dteam-3,env%3Dprod");
        }
        report.print("Expiry and labels among 1,000,000 images on PostgreSQL");
    }

    private static void list(ApiClient api, Report report, String work, String path) {
        double[] millis = new double[RUNS];
        for (int i = -20; i < RUNS; i++) {
            long start = System.nanoTime();
            int status = api.get(path).status();
            millis[Math.max(i, 0)] = (System.nanoTime() - start) / 1e6;
            assertThat(status).isEqualTo(200);
        }
        report.times(work, millis, "< 100 ms");
    }

    private double[] cloneFor(ApiClient api, long nanos, AtomicBoolean over) {
        List<Double> millis = new ArrayList<>();
        long begin = System.nanoTime();
        while (System.nanoTime() - begin < nanos && !over.get()) {
            long start = System.nanoTime();
            ApiClient.Answer answer =
                    api.postJson("images/base/clones", "{\"name\": \"clone-" + names.incrementAndGet() + "\"}");
            millis.add((System.nanoTime() - start) / 1e6);
            if (answer.status() != 201) {
                throw new AssertionError(answer);
            }
        }
        return millis.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private static void update(TestDatabase database, String sql) throws SQLException {
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static int count(TestDatabase database) throws SQLException {
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select count(*) from image where lifetime = 'disposable'")) {
            row.next();
            return row.getInt(1);
        }
    }
}
