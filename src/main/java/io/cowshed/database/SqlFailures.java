package io.cowshed.database;

import java.sql.SQLException;
import java.sql.SQLNonTransientConnectionException;
import java.sql.SQLTransientConnectionException;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** What a failure of the database was, whatever Spring, Hibernate and the driver wrapped it in. */
public final class SqlFailures {

    private static final String INTEGRITY_CONSTRAINT_CLASS = "23";

    /** What the pool answers, with no SQL state, on a connection that it found broken a moment ago. */
    private static final String HIKARI_CLOSED = "Connection is closed";

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

    /** Whether the database could not be reached, gave no connection or no lock in time, or broke off. */
    static boolean isUnavailable(Throwable failure) {
        return sqlExceptions(failure).anyMatch(SqlFailures::isUnavailable);
    }

    private static boolean isUnavailable(SQLException e) {
        if (e instanceof SQLTransientConnectionException || e instanceof SQLNonTransientConnectionException) {
            return true;
        }
        String state = state(e);
        return state.startsWith("08") // connection exception
                || state.startsWith("57P") // PostgreSQL: shut down by its administrator, crashed, starting
                || state.startsWith("53") // PostgreSQL: insufficient resources, too many connections
                || state.equals("40001") // serialization failure; a deadlock in H2
                || state.equals("40P01") // a deadlock in PostgreSQL
                || state.equals("55P03") // PostgreSQL: lock not available
                || state.equals("HYT00") // H2: lock timeout
                || HIKARI_CLOSED.equals(e.getMessage())
                || isH2Closed(e);
    }

    /** The codes of {@code org.h2.api.ErrorCode} that a working database never answers. */
    private static boolean isH2Closed(SQLException e) {
        return switch (e.getErrorCode()) {
            case 90020, // already open in another process
                    90028, // input or output failed
                    90030, // the file is corrupt
                    90031, // input or output failed
                    90067, // connection broken
                    90098, // closed
                    90121 -> true; // closed at exit
            default -> false;
        };
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
