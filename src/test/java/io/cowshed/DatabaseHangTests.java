package io.cowshed;

import static io.cowshed.testing.Eventually.until;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.ApiClient;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.Background;
import io.cowshed.testing.PostgresqlServer;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.TestService;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** A PostgreSQL that answers nothing any more, and whose connections do not end, either. */
class DatabaseHangTests {

    @Test
    void callersAreToldInBoundedTimeAndAllGoesOnAfterwards(@TempDir Path directory) throws Exception {
        try (PostgresqlServer server = PostgresqlServer.start(directory.resolve("postgresql"));
                TestDatabase database = server.database();
                TestService service = TestService.start(
                        database, directory, "spring.datasource.hikari.data-source-properties.socketTimeout=2")) {
            ApiClient api = service.api();
            // Who has a token is looked up in the database.
            ApiClient anybody = service.as("");
            assertThat(api.postJson("images", "{\"name\": \"disk\", \"virtualSize\": \"1MiB\"}")
                            .status())
                    .isEqualTo(201);
            try (Connection other = database.connect();
                    Statement statement = other.createStatement()) {
                other.setAutoCommit(false);
                statement.execute("select * from image for update");
                CompletableFuture<Answer> amidst =
                        Background.run(() -> api.patch("images/disk", "{\"description\": \"new\"}"));
                try (Connection observer = database.connect()) {
                    until(() -> waitsForALock(observer));
                }
                try {
                    server.pause();
                    requireTold(amidst.orTimeout(1, TimeUnit.MINUTES).join());
                    requireTold(api.get("images/disk"));
                    until(() -> anybody.get("/actuator/health/readiness").status() == 503);
                    assertThat(anybody.get("/actuator/health/liveness").status())
                            .isEqualTo(200);
                } finally {
                    server.resume();
                }
                other.rollback();
            }
            until(() -> anybody.get("/actuator/health/readiness").status() == 200);
            until(() -> api.patch("images/disk", "{\"description\": \"newer\"}").status() == 200);
            JsonNode disk = api.get("images/disk").json();
            assertThat(disk.path("description").asString()).isEqualTo("newer");
        }
    }

    private static boolean waitsForALock(Connection connection) throws Exception {
        try (Statement statement = connection.createStatement();
                var rows = statement.executeQuery("select 1 from pg_stat_activity where wait_event_type = 'Lock'"
                        + " and datname = current_database()")) {
            return rows.next();
        }
    }

    private static void requireTold(Answer answer) {
        assertThat(answer.status()).as("%s", answer).isEqualTo(503);
        assertThat(answer.problem()).isEqualTo("database-unavailable");
        assertThat(answer.header("Retry-After")).isNotEmpty();
    }
}
