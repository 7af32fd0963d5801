package io.cowshed.catalog;

import java.time.Duration;
import java.util.UUID;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Finds out what became of a transaction that never told its outcome, or that nobody is left to hear it from. A connection
 * may break while the database still commits, and what it has not committed yet nobody sees: only who wants the same lock or
 * key waits for it.
 */
@Component
public class Settlement {

    /** How long to wait for that: PostgreSQL may take hours to notice that a connection has gone. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Catalog catalog;
    private final Images images;
    private final JdbcClient database;
    private final TransactionTemplate transaction;

    Settlement(Catalog catalog, Images images, JdbcClient database, PlatformTransactionManager transactions) {
        this.catalog = catalog;
        this.images = images;
        this.database = database;
        this.transaction = new TransactionTemplate(transactions);
        transaction.setTimeout((int) PATIENCE.toSeconds());
    }

    /**
     * Ends what is under way for an image whose file nobody works on any more: a name that was only reserved is given back.
     * To be called in no transaction.
     *
     * @return whether the catalogue has the image, so that its file must stay; false is for good
     * @throws RuntimeException when that cannot be told now
     */
    public boolean settle(UUID id) {
        return settleSeen(id) || (isComing(id) && settleSeen(id));
    }

    /**
     * Whether an image is sealed, once every change that is under way for its row has ended. To be called in no transaction.
     *
     * @throws ImageNotFound if there is no such image
     * @throws RuntimeException when that cannot be told now
     */
    public boolean isSealed(UUID id) {
        return Boolean.TRUE.equals(
                transaction.execute(_ -> images.lock(ImageRef.of(id)).isSealed()));
    }

    private boolean settleSeen(UUID id) {
        try {
            return Boolean.TRUE.equals(transaction.execute(_ -> {
                catalog.abandon(id);
                return images.exists(id);
            }));
        } catch (ImageNotFound e) {
            // Its removal was under way, and was committed while this waited for the row.
            return false;
        }
    }

    /**
     * Whether a row that could not be seen has been committed by now: another one with its id goes in, and is taken back, only
     * when there is none and no transaction is left that could commit it.
     */
    private boolean isComing(UUID id) {
        try {
            transaction.executeWithoutResult(status -> {
                status.setRollbackOnly();
                database.sql(
                                "insert into image (id, name, description, search_text, state, sealed, protected, lifetime,"
                                        + " clonable, virtual_size, allocated_size, cluster_size, created_at, created_by,"
                                        + " updated_at, version)"
                                        + " values (:id, :name, '', '', 'trashed', false, false, 'persistent',"
                                        + " false, 0, 0, 65536, current_timestamp, '', current_timestamp, 0)")
                        .param("id", id)
                        .param("name", id.toString())
                        .update();
            });
            return false;
        } catch (DuplicateKeyException e) {
            return true;
        }
    }
}
