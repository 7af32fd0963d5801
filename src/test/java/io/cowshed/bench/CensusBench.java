package io.cowshed.bench;

import io.cowshed.metrics.Census;
import io.cowshed.metrics.Source;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.TestService;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What it takes to count what the metrics tell of a fleet, all of whose clones are leases. {@code -Dcowshed.fleet=1000000} counts more. */
@Tag("bench")
class CensusBench {

    private static final int SIZE = Integer.getInteger("cowshed.fleet", Fleet.SIZE);
    private static final int ROUNDS = 15;

    @ParameterizedTest
    @EnumSource(TestDatabase.Kind.class)
    void census(TestDatabase.Kind kind, @TempDir Path directory) throws Exception {
        Report report = new Report();
        try (TestDatabase database = TestDatabase.create(kind);
                TestService service = TestService.start(database, directory, "cowshed.metrics.interval=P1D")) {
            Fleet.in(database, SIZE);
            try (Connection connection = database.connect();
                    Statement statement = connection.createStatement()) {
                statement.execute("update image set lifetime = 'disposable', expires_at = timestamp with time zone"
                        + " '2099-01-01 00:00:00Z', lease_from = created_at, on_expire = 'trash', expiry_warn_at ="
                        + " timestamp with time zone '2098-12-31 23:00:00Z', expiry_attempts = 0, expiry_due_at ="
                        + " timestamp with time zone '2098-12-31 23:00:00Z' where child_count = 0");
                statement.execute(kind == TestDatabase.Kind.H2 ? "analyze" : "vacuum analyze");
            }
            for (Census census : service.beans(Census.class)) {
                if (census.source() == Source.DATABASE) {
                    measure(census, report);
                }
            }
        }
        report.print("What metrics count of " + SIZE + " images on " + kind);
    }

    private static void measure(Census census, Report report) {
        double[] millis = new double[ROUNDS];
        for (int i = 0; i < ROUNDS; i++) {
            long begun = System.nanoTime();
            census.take();
            millis[i] = (System.nanoTime() - begun) / 1e6;
        }
        String name = census.getClass().getSimpleName().replaceAll("\\$.*", "");
        report.row(name, "p50 %.1f ms".formatted(Report.median(millis)), "", "", "every 15 s");
    }
}
