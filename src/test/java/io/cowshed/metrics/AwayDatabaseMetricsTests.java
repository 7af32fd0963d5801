package io.cowshed.metrics;

import static io.cowshed.testing.VerbChains.succeed;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.ApiClient;
import io.cowshed.testing.PostgresqlServer;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.TestService;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The metrics are needed most when something is away. */
class AwayDatabaseMetricsTests {

    private static final long PAUSE_NANOS = 50_000_000;

    @Test
    @Timeout(120)
    void thoseOfTheServiceAndTheVolumeAreThereWithoutADatabase(@TempDir Path directory) {
        try (PostgresqlServer server = PostgresqlServer.start(directory.resolve("postgresql"));
                TestDatabase database = server.database();
                TestService service = TestService.start(
                        database,
                        directory,
                        "cowshed.metrics.interval=100ms",
                        "spring.datasource.hikari.connection-timeout=500")) {
            ApiClient api = service.api();
            ApiClient prometheus =
                    service.as(succeed(api.postJson("tokens", "{\"name\": \"prometheus\", \"role\": \"reader\"}"))
                            .json()
                            .path("secret")
                            .asString());
            awaitUp(prometheus, 1);

            server.stop();
            Scrape away = awaitUp(prometheus, 0);
            assertThat(away.value("cowshed_images", "state", "available")).isNaN();
            assertThat(away.value("cowshed_source_up", "source", "volume")).isEqualTo(1);
            assertThat(away.value("cowshed_volume_size_bytes")).isPositive();
            assertThat(service.as("cow_nonsense").get("/actuator/prometheus").status())
                    .isGreaterThanOrEqualTo(400);

            server.startAgain();
            Scrape back = awaitUp(prometheus, 1);
            assertThat(back.value("cowshed_images", "state", "available")).isZero();
        }
    }

    private static Scrape awaitUp(ApiClient prometheus, double up) {
        Scrape scrape = Scrape.of(prometheus);
        while (scrape.value("cowshed_source_up", "source", "database") != up) {
            LockSupport.parkNanos(PAUSE_NANOS);
            scrape = Scrape.of(prometheus);
        }
        return scrape;
    }
}
