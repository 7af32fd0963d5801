package io.cowshed.database;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * H2's {@code CHECKPOINT SYNC}: writes what is committed and fsyncs the file. It runs on a connection of its own, because
 * those who wait for it hold connections of the pool. Not safe for use by several threads at once.
 */
final class H2Checkpoint implements Checkpoint, AutoCloseable {

    private final JdbcConnectionDetails details;
    private @Nullable Connection connection;

    H2Checkpoint(JdbcConnectionDetails details) {
        this.details = details;
    }

    @Override
    public void run() throws SQLException {
        if (connection == null) {
            connection =
                    DriverManager.getConnection(details.getJdbcUrl(), details.getUsername(), details.getPassword());
        }
        try (Statement statement = connection.createStatement()) {
            statement.execute("checkpoint sync");
        }
    }

    @Override
    public void requireDurableCommits(JdbcClient database) {
        // They never are; the checkpoint after each makes them so.
    }

    @Override
    public void close() throws SQLException {
        if (connection != null) {
            connection.close();
        }
    }
}
