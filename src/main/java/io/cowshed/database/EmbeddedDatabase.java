package io.cowshed.database;

import io.cowshed.problem.CannotStart;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
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

    /**
     * That the database can be made, or opened, and written to: H2 would say more, and not as clearly.
     *
     * @throws CannotStart if not
     */
    void requireAccess() {
        try {
            Files.createDirectories(dataDirectory);
        } catch (IOException e) {
            throw denied("The data directory " + dataDirectory + " cannot be made: " + e + ".", e);
        }
        Path file = dataDirectory.resolve("cowshed.mv.db");
        for (Path path : Files.exists(file) ? List.of(dataDirectory, file) : List.of(dataDirectory)) {
            if (!Files.isReadable(path) || !Files.isWritable(path)) {
                throw denied("The service has no permission to read and write " + path + ".", null);
            }
        }
    }

    private static CannotStart denied(String problem, @Nullable Throwable cause) {
        return new CannotStart(
                problem, "Give cowshed.data-dir to the user that the service runs as, or set another one.", cause);
    }

    @Override
    public String getJdbcUrl() {
        String file = dataDirectory.resolve("cowshed").toString();
        if (file.indexOf(';') >= 0) {
            throw new CannotStart(
                    "cowshed.data-dir: " + dataDirectory + " has a semicolon in it, which H2 cannot open.",
                    "Set it to another directory.",
                    null);
        }
        // H2 would answer a "select exists" that was asked before in a transaction as it did then, whatever that has
        // written since.
        return "jdbc:h2:async:" + file + ";LOCK_TIMEOUT=10000;DB_CLOSE_ON_EXIT=FALSE;OPTIMIZE_REUSE_RESULTS=FALSE";
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
