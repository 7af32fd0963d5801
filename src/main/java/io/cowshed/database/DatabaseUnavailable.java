package io.cowshed.database;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import org.jspecify.annotations.Nullable;

/** The database cannot be reached, or did not answer in time. What the call was to do has not been acknowledged. */
public final class DatabaseUnavailable extends CowshedException {

    DatabaseUnavailable(String detail, @Nullable Throwable cause) {
        super(ProblemType.DATABASE_UNAVAILABLE, detail, "Try again in a few seconds.", cause);
    }
}
