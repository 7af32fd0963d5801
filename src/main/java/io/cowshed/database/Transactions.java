package io.cowshed.database;

import io.cowshed.problem.DatabaseUnavailable;
import java.util.function.Supplier;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** Runs parts of a longer piece of work in transactions, for those who are not one transaction themselves. */
@Component
public class Transactions {

    private static final int PATIENCE_SECONDS = 10;

    /**
     * Runs in a transaction, the caller's where there is one. When this returns, and it began here, it is on disk.
     *
     * @throws DatabaseUnavailable when the database does not answer, also in answer to the commit
     */
    @Transactional
    public <T> T write(Supplier<T> work) {
        return work.get();
    }

    /**
     * As {@link #write}, where the caller has no transaction and would rather not know than wait for others: statements that
     * are not through after ten seconds in all fail.
     *
     * @throws DatabaseUnavailable as there
     */
    @Transactional(timeout = PATIENCE_SECONDS)
    public <T> T writeSoon(Supplier<T> work) {
        return work.get();
    }
}
