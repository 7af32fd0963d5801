package io.cowshed.catalog;

import io.cowshed.database.Transactions;
import io.cowshed.volume.NewImageFile;
import java.util.List;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Commits the rows of files that are published already, and lets what became of the commit decide what becomes of the
 * files. Where even that cannot be told, because the database has gone, the files wait for the next sweep.
 */
@Component
public class Registration {

    private static final Logger LOG = LoggerFactory.getLogger(Registration.class);

    private final Settlement settlement;
    private final Transactions transactions;

    Registration(Settlement settlement, Transactions transactions) {
        this.settlement = settlement;
        this.transactions = transactions;
    }

    /**
     * Makes the rows of new files, in one transaction.
     *
     * @param rows adds or completes the rows, and makes the answer
     */
    public <T> T commit(List<NewImageFile> files, Supplier<T> rows) {
        T answer;
        try {
            answer = transactions.write(rows);
        } catch (Throwable failure) {
            settle(files, failure);
            throw failure;
        }
        files.forEach(NewImageFile::keep);
        return answer;
    }

    /** A commit that failed may still have been done. */
    private void settle(List<NewImageFile> files, Throwable failure) {
        try {
            for (NewImageFile file : files) {
                if (settlement.isThere(file.catalogued())) {
                    file.keep();
                } else {
                    file.discard();
                }
            }
        } catch (RuntimeException e) {
            LOG.warn("Whether new files are catalogued cannot be told now; the next sweep finds out", e);
            failure.addSuppressed(e);
        }
    }
}
