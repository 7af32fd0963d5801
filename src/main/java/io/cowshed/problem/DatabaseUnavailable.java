package io.cowshed.problem;

import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;

/** The database did not do what was asked of it. What the call was to do has not been acknowledged. */
public final class DatabaseUnavailable extends CowshedException {

    /** It cannot be reached, did not answer in time, or was too busy: soon it may not be. */
    public DatabaseUnavailable(Throwable cause) {
        this(
                "The database did not answer, or was too busy. If this was a change, it may or may not have been made.",
                "Try again; with the same Idempotency-Key a POST is not done twice.",
                cause);
        header(HttpHeaders.RETRY_AFTER, "2");
    }

    /** For a reason that does not pass by itself; {@code detail} and {@code action} are for a person. */
    public DatabaseUnavailable(String detail, @Nullable String action, Throwable cause) {
        super(ProblemType.DATABASE_UNAVAILABLE, detail, action, cause);
    }
}
