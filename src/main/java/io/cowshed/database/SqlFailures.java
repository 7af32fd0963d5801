package io.cowshed.database;

import java.sql.SQLException;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** Which rule of the schema a failure of the database was about, whatever Spring, Hibernate and the driver wrapped it in. */
public final class SqlFailures {

    private static final String INTEGRITY_CONSTRAINT_CLASS = "23";

    /**
     * H2's messages begin {@code Unique index or primary key violation: "PUBLIC.IMAGE_LIVE_NAME ON …},
     * {@code Referential integrity constraint violation: "IMAGE_PARENT_FK: …} or
     * {@code Check constraint violation: "IMAGE_STATE_FORM: …}. Only the first quoted name counts: what follows may quote
     * values that a caller chose.
     */
    private static final Pattern H2_CONSTRAINT = Pattern.compile("[^\"]*\"(?:PUBLIC\\.)?([A-Z0-9_]+)");

    private SqlFailures() {}

    /** The name of the constraint or unique index that was violated, in lower case; empty if the failure is another. */
    public static Optional<String> violatedConstraint(Throwable failure) {
        return sqlExceptions(failure)
                .filter(e -> state(e).startsWith(INTEGRITY_CONSTRAINT_CLASS))
                .flatMap(e -> constraintOf(e).stream())
                .findFirst()
                .map(name -> name.toLowerCase(Locale.ROOT));
    }

    private static Optional<String> constraintOf(SQLException e) {
        if (e instanceof PSQLException postgresql) {
            return Optional.ofNullable(postgresql.getServerErrorMessage()).map(ServerErrorMessage::getConstraint);
        }
        Matcher matcher = H2_CONSTRAINT.matcher(String.valueOf(e.getMessage()));
        return matcher.lookingAt() ? Optional.of(matcher.group(1)) : Optional.empty();
    }

    private static String state(SQLException e) {
        String state = e.getSQLState();
        return state == null ? "" : state;
    }

    private static Stream<SQLException> sqlExceptions(Throwable failure) {
        return Stream.<@Nullable Throwable>iterate(failure, e -> e != null, e -> e == null ? null : e.getCause())
                .limit(32)
                .filter(SQLException.class::isInstance)
                .map(SQLException.class::cast);
    }
}
