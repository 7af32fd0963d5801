package io.cowshed;

import static io.cowshed.testing.Eventually.until;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.PostgresqlServer;
import io.cowshed.testing.ServiceProcess;
import io.cowshed.testing.ServiceProcess.Ended;
import io.cowshed.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What keeps a service from starting, or from its files: each is told in one sentence, with one that says what to do, and without
 * a stack trace.
 */
class StartFaultTests {

    /** Root, but with no more than the permissions of the files allow. */
    private static final List<String> UNPRIVILEGED =
            List.of("setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner");

    @Test
    void aWrongPasswordAndAServerThatIsDown(@TempDir Path directory) throws Exception {
        try (PostgresqlServer server = PostgresqlServer.start(directory.resolve("postgresql"))) {
            TestDatabase database = server.database();
            try (Connection connection = database.connect();
                    Statement statement = connection.createStatement()) {
                statement.execute("create role cowshed login password 'right'");
                statement.execute("grant all on database " + connection.getCatalog() + " to cowshed");
            }
            Files.writeString(
                    directory.resolve("postgresql/pg_hba.conf"),
                    "host all postgres all trust\nhost all cowshed all scram-sha-256\n");
            String[] properties = {
                // The test's URL names a user that needs no password.
                "spring.datasource.url=" + database.url().replaceFirst("\\?.*", ""),
                "spring.datasource.username=cowshed",
                "spring.datasource.password=wrong"
            };
            try (Connection connection = database.connect();
                    Statement statement = connection.createStatement()) {
                statement.execute("select pg_reload_conf()");
            }
            ServiceProcess.refused(directory, properties)
                    .requireReport(
                            "The database does not let the service in: FATAL: password authentication failed for user \"cowshed\".",
                            "Set spring.datasource.username and spring.datasource.password to those of a user that it lets in.");

            server.stop();
            ServiceProcess.refused(directory, properties)
                    .requireReport(
                            "The database cannot be reached: Connection to",
                            "Start it, or correct spring.datasource.url");
            server.startAgain();
            database.close();
        }
    }

    @Test
    void aPostgresqlThatIsTooOld(@TempDir Path directory) throws SQLException {
        try (TestDatabase database = TestDatabase.create(TestDatabase.Kind.POSTGRESQL)) {
            try (Connection connection = database.connect();
                    Statement statement = connection.createStatement()) {
                // Versions before 15 have none.
                statement.execute("alter function regexp_like(text, text) rename to regexp_like_of_15");
            }
            ServiceProcess.refused(directory, database.properties())
                    .requireReport(
                            "The database lacks a function that the schema calls: ERROR: function regexp_like(",
                            "Cowshed needs PostgreSQL 15 or a newer one.");
        }
    }

    @Test
    void aSchemaThatIsNewerThanTheBuild(@TempDir Path directory) throws SQLException {
        String url = "jdbc:h2:" + directory.resolve("data/cowshed");
        Flyway.configure()
                .dataSource(url, "sa", "")
                .locations("classpath:db/migration", "classpath:db/vendor/h2")
                .load()
                .migrate();
        execute(
                url,
                "insert into \"flyway_schema_history\" (\"installed_rank\", \"version\", \"description\", \"type\","
                        + " \"script\", \"installed_by\", \"execution_time\", \"success\")"
                        + " values (1000, '1000', 'of the future', 'SQL', 'V1000__of_the_future.sql', 'sa', 0, true)");

        Ended refusal = ServiceProcess.refused(directory);

        refusal.requireReport(
                "The database has schema version 1000, and this build knows versions up to ",
                "Start the build that migrated it, or a newer one; or restore the database and the volume from before.");
        assertThat(directory.resolve("data/volume")).doesNotExist();
    }

    @Test
    void aDatabaseThatAnotherProcessHasOpen(@TempDir Path directory) throws SQLException {
        try (Connection _ = DriverManager.getConnection("jdbc:h2:" + directory.resolve("data/cowshed"), "sa", "")) {
            ServiceProcess.refused(directory)
                    .requireReport(
                            "The embedded database is open in another process.",
                            "Stop the other Cowshed that has this cowshed.data-dir, or set another one");
        }
    }

    @Test
    void aDataDirectoryThatIsNotTheServices(@TempDir Path directory) throws IOException {
        Path data = Files.createDirectory(
                directory.resolve("data"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("r-xr-xr-x")));
        ServiceProcess.refused(directory, UNPRIVILEGED)
                .requireReport(
                        "The service has no permission to read and write " + data + ".",
                        "Give cowshed.data-dir to the user that the service runs as, or set another one.");
    }

    @Test
    void anAccessTokenThatCannotBeWritten(@TempDir Path directory) throws IOException {
        Files.createDirectories(directory.resolve("data/admin-token.new/in the way"));
        ServiceProcess.refused(directory)
                .requireReport(
                        "The administrator's access token cannot be written to "
                                + directory.resolve("data/admin-token"),
                        "Give cowshed.data-dir to the user that the service runs as");
    }

    @Test
    void filesOfTheVolumeThatAreNotTheServices(@TempDir Path directory) throws IOException {
        try (ServiceProcess service = ServiceProcess.start(directory, UNPRIVILEGED)) {
            Answer made = service.api().postJson("images", "{\"name\": \"disk\", \"virtualSize\": \"1MiB\"}");
            assertThat(made.status()).isEqualTo(201);
            Path volume = directory.resolve("data/volume");
            Path file = volume.resolve(made.json().path("path").asString());

            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("---------"));
            assertDenied(service.api().get("images/disk/content"), "The file of image ");
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw----"));
            assertThat(service.api().get("images/disk/content").status()).isEqualTo(200);

            Files.setPosixFilePermissions(volume.resolve("incoming"), PosixFilePermissions.fromString("r-xr-xr-x"));
            assertDenied(
                    service.api().postJson("images", "{\"name\": \"more\", \"virtualSize\": \"1MiB\"}"),
                    "The file of image ");
            until(() -> service.api().get("/actuator/health/readiness").status() == 503);
            assertThat(service.api().get("/actuator/health/readiness").toString())
                    .contains("The directory " + volume.resolve("incoming") + " cannot be written to")
                    .contains("give it to the user that the service runs as");
        }
    }

    private static void assertDenied(Answer answer, String beginning) {
        assertThat(answer.status()).as("%s", answer).isEqualTo(503);
        assertThat(answer.problem()).isEqualTo("volume-unavailable");
        assertThat(answer.json().path("detail").asString())
                .startsWith(beginning)
                .endsWith("cannot be worked on: the service has no permission to.");
        assertThat(answer.json().path("action").asString())
                .isEqualTo("Give the files of the volume to the user that the service runs as, then try again.");
    }

    private static void execute(String url, String sql) throws SQLException {
        try (Connection connection = DriverManager.getConnection(url, "sa", "");
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
