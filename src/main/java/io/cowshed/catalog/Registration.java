package io.cowshed.catalog;

import io.cowshed.volume.NewImageFile;
import java.util.List;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import org.springframework.transaction.support.TransactionOperations;

/**
 * Commits the rows of files that are published already, and lets what became of the commit decide what becomes of the
 * files. Where even that cannot be told, because the database has gone, the files wait for the next sweep.
 */
@Component
public class Registration {

    private static final Logger LOG = LoggerFactory.getLogger(Registration.class);

    private final Settlement settlement;
    private final TransactionOperations transaction;

    Registration(Settlement settlement, TransactionOperations transaction) {
        this.settlement = settlement;
        this.transaction = transaction;
    }

    /**
     * Makes the rows of new files, in one transaction.
     *
     * @param rows adds or completes the rows, and makes the answer
     */
    public <T> T commit(List<NewImageFile> files, Supplier<T> rows) {
        T answer;
        try {
            answer = transaction.execute(_ -> rows.get());
        } catch (Throwable failure) {
            settle(files, failure);
            throw failure;
        }
        files.forEach(NewImageFile::catalogued);
        return answer;
    }

    /** A commit that failed may still have been done. */
    private void settle(List<NewImageFile> files, Throwable failure) {
        try {
            for (NewImageFile file : files) {
                if (settlement.settle(file.image())) {
                    file.catalogued();
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
