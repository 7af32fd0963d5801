package io.cowshed.database;

import java.nio.file.Path;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.context.annotation.Condition;
import org.springframework.context.annotation.ConditionContext;
import org.springframework.core.type.AnnotatedTypeMetadata;
import org.springframework.util.StringUtils;

/**
 * The H2 database in the data directory, used where {@code spring.datasource.url} names no other.
 *
 * <p>Its file is opened through {@code async:}, because an interrupted thread closes a plain file channel, and the
 * whole database with it. {@code DB_CLOSE_ON_EXIT=FALSE} leaves closing to the connection pool, which outlives the
 * requests.
 */
record EmbeddedDatabase(Path dataDirectory) implements JdbcConnectionDetails {

    /** True while no other database is named. */
    static final class IsWanted implements Condition {
        @Override
        public boolean matches(ConditionContext context, AnnotatedTypeMetadata metadata) {
            return !StringUtils.hasText(context.getEnvironment().getProperty("spring.datasource.url"));
        }
    }

    @Override
    public String getJdbcUrl() {
        String file = dataDirectory.resolve("cowshed").toString();
        if (file.indexOf(';') >= 0) {
            throw new IllegalArgumentException(
                    "cowshed.data-dir: " + dataDirectory + " has a semicolon in it, which H2 cannot open");
        }
        return "jdbc:h2:async:" + file + ";LOCK_TIMEOUT=10000;DB_CLOSE_ON_EXIT=FALSE";
    }

    @Override
    public String getUsername() {
        return "sa";
    }

    @Override
    public String getPassword() {
        return "";
    }
}
