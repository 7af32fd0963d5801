package io.cowshed.problem;

import java.sql.SQLException;
import java.sql.SQLNonTransientConnectionException;
import java.sql.SQLTransientConnectionException;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.ConcurrencyFailureException;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.transaction.CannotCreateTransactionException;

/**
 * Tells a database that does not answer from a mistake of ours, whatever Spring, Hibernate and the driver wrapped the failure
 * in: the one place that does.
 */
public final class DatabaseFailures {

    /** What the pool answers, with no SQL state, on a connection that it found broken a moment ago. */
    private static final String HIKARI_CLOSED = "Connection is closed";

    /** Of causes that are looked at: some failures are among their own. */
    private static final int MAX_CAUSES = 32;

    private DatabaseFailures() {}

    /** The refusal, where the database could not be reached, gave no connection or no lock in time, or broke off. */
    public static Optional<DatabaseUnavailable> unavailable(Throwable failure) {
        boolean unavailable = failure instanceof DataAccessResourceFailureException
                || failure instanceof CannotCreateTransactionException
                || failure instanceof ConcurrencyFailureException
                || Stream.<@Nullable Throwable>iterate(failure, e -> e != null, e -> e == null ? null : e.getCause())
                        .limit(MAX_CAUSES)
                        .anyMatch(e -> e instanceof SQLException cause && isUnavailable(cause));
        return unavailable ? Optional.of(new DatabaseUnavailable(failure)) : Optional.empty();
    }

    private static boolean isUnavailable(SQLException e) {
        if (e instanceof SQLTransientConnectionException || e instanceof SQLNonTransientConnectionException) {
            return true;
        }
        String state = e.getSQLState() == null ? "" : e.getSQLState();
        return state.startsWith("08") // connection exception
                || state.startsWith("57") // cancelled, as by a time limit; PostgreSQL: shut down, crashed, starting
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
}
