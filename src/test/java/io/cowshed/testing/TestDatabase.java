package io.cowshed.testing;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Comparator;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * A new, empty database for one test class. PostgreSQL's server is started once per JVM and stops with it; H2's file lies
 * in a temporary directory that goes with {@link #close()}.
 */
public final class TestDatabase implements AutoCloseable {

    /** The databases that Cowshed runs on. */
    public enum Kind {
        H2,
        POSTGRESQL
    }

    private final Kind kind;
    private final String url;
    private final String user;
    private final Cleanup cleanup;

    private TestDatabase(Kind kind, String url, String user, Cleanup cleanup) {
        this.kind = kind;
        this.url = url;
        this.user = user;
        this.cleanup = cleanup;
    }

    public static TestDatabase create(Kind kind) {
        return switch (kind) {
            case H2 -> h2();
            case POSTGRESQL -> postgresql();
        };
    }

    public Kind kind() {
        return kind;
    }

    /** With the same options as the embedded database has in production. */
    public String url() {
        return url;
    }

    public String user() {
        return user;
    }

    public String password() {
        return "";
    }

    /** As {@code spring.datasource.*} properties, one {@code key=value} each, and more besides. */
    public String[] properties(String... more) {
        return Stream.concat(
                        Stream.of(
                                "spring.datasource.url=" + url,
                                "spring.datasource.username=" + user,
                                "spring.datasource.password=" + password()),
                        Stream.of(more))
                .toArray(String[]::new);
    }

    /** A connection outside any pool. */
    public Connection connect() throws SQLException {
        return DriverManager.getConnection(url, user, password());
    }

    /** How many transactions on it wait for a lock of another. */
    public int waiting(Connection observer) throws SQLException {
        String sql = switch (kind) {
            case H2 -> "select count(*) from information_schema.sessions where blocker_id is not null";
            case POSTGRESQL ->
                "select count(*) from pg_stat_activity "
                        + "where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0";
        };
        try (Statement statement = observer.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getInt(1);
        }
    }

    @Override
    public void close() {
        cleanup.run();
    }

    private static TestDatabase h2() {
        try {
            Path directory = Files.createTempDirectory("cowshed-h2-");
            String url = "jdbc:h2:async:" + directory.resolve("cowshed")
                    + ";LOCK_TIMEOUT=10000;DB_CLOSE_ON_EXIT=FALSE;OPTIMIZE_REUSE_RESULTS=FALSE";
            return new TestDatabase(Kind.H2, url, "sa", () -> delete(directory));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static TestDatabase postgresql() {
        return on(Server.RUNNING);
    }

    /** On a server that is somebody's own, and need not always run. */
    static TestDatabase on(EmbeddedPostgres server) {
        String name = "test_" + UUID.randomUUID().toString().replace("-", "");
        execute(server, "create database " + name);
        return new TestDatabase(
                Kind.POSTGRESQL,
                server.getJdbcUrl("postgres", name),
                "postgres",
                () -> execute(server, "drop database " + name + " with (force)"));
    }

    private static void execute(EmbeddedPostgres server, String sql) {
        // A server that hangs, as some tests have it, fails the test rather than keep it from its end.
        try (Connection connection = server.getDatabase("postgres", "postgres", Map.of("socketTimeout", "120"))
                        .getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
    }

    private static void delete(Path directory) {
        try (Stream<Path> paths = Files.walk(directory)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @FunctionalInterface
    private interface Cleanup {
        void run();
    }

    /** Started by the first test that asks for it. */
    private static final class Server {

        static final EmbeddedPostgres RUNNING = start();

        private static EmbeddedPostgres start() {
            try {
                return PostgresqlServer.builder().start();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
