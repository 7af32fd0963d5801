package io.cowshed.database;

import io.cowshed.problem.DatabaseUnavailable;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;

/**
 * Finds out whether the database answers, on a connection of its own: that all those of the pool are busy is no reason to send
 * callers away. For one thread at a time.
 */
public final class DatabaseProbe implements AutoCloseable {

    private static final int PATIENCE_SECONDS = 3;

    private final JdbcConnectionDetails details;
    private final GroupCheckpoint checkpoint;
    private @Nullable Connection connection;

    DatabaseProbe(JdbcConnectionDetails details, GroupCheckpoint checkpoint) {
        this.details = details;
        this.checkpoint = checkpoint;
    }

    /**
     * That the database answers, and what it commits is safe.
     *
     * @throws DatabaseUnavailable when it does not, or is not
     */
    public void require() {
        checkpoint.refuseIfFailed();
        try {
            if (connection != null && !connection.isValid(PATIENCE_SECONDS)) {
                close();
            }
            if (connection == null) {
                connection = DriverManager.getConnection(details.getJdbcUrl(), properties());
            }
        } catch (SQLException e) {
            throw DatabaseFault.of(e)
                    .map(fault -> new DatabaseUnavailable(fault.problem(), fault.remedy(), e))
                    .orElseGet(() -> new DatabaseUnavailable(e));
        }
    }

    private Properties properties() {
        Properties properties = new Properties();
        properties.setProperty("user", details.getUsername() == null ? "" : details.getUsername());
        properties.setProperty("password", details.getPassword() == null ? "" : details.getPassword());
        if (details.getJdbcUrl().startsWith("jdbc:postgresql:")) {
            // A server that is cut off says nothing, and the kernel would go on asking it for a quarter of an hour.
            properties.setProperty("connectTimeout", Integer.toString(PATIENCE_SECONDS));
            properties.setProperty("loginTimeout", Integer.toString(PATIENCE_SECONDS));
            properties.setProperty("socketTimeout", Integer.toString(2 * PATIENCE_SECONDS));
        }
        return properties;
    }

    @Override
    public void close() throws SQLException {
        Connection old = connection;
        connection = null;
        if (old != null) {
            old.close();
        }
    }
}
