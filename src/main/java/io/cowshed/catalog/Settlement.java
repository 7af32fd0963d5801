package io.cowshed.catalog;

import io.cowshed.database.Transactions;
import io.cowshed.operation.Claims;
import io.cowshed.volume.CataloguedFile;
import java.util.List;
import java.util.UUID;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.interceptor.TransactionAspectSupport;

/**
 * Finds out what became of a transaction that never told its outcome, or that nobody is left to hear it from. A connection
 * may break while the database still commits, and what it has not committed yet nobody sees: only who wants the same lock or
 * key waits for it. Not for long: PostgreSQL may take hours to notice that a connection has gone.
 */
@Component
public class Settlement {

    private final Images images;
    private final Seeds seeds;
    private final Claims claims;
    private final JdbcClient database;
    private final Transactions transactions;

    Settlement(Images images, Seeds seeds, Claims claims, JdbcClient database, Transactions transactions) {
        this.images = images;
        this.seeds = seeds;
        this.claims = claims;
        this.database = database;
        this.transactions = transactions;
    }

    /**
     * Whether the catalogue has an image, once every change that is under way for its row has ended. One that only has its
     * name reserved is not there yet; the reservation stays, because it may be that of another attempt, at work on another
     * file. To be called in no transaction.
     *
     * @param id of an image whose file nobody works on any more
     * @return whether its file must stay; false is for good, as far as this file goes
     * @throws RuntimeException when that cannot be told now
     */
    public boolean isThere(UUID id) {
        return isSeen(id) || (isComing(id) && isSeen(id));
    }

    /**
     * As {@link #isThere(UUID)}, of any file that nobody works on any more: whether the catalogue has it, and not another one
     * for the same image.
     */
    public boolean isThere(CataloguedFile file) {
        return switch (file) {
            case CataloguedFile.Disk(UUID image) -> isThere(image);
            case CataloguedFile.Seed seed -> isThere(seed.image()) && hasNow(seed);
        };
    }

    private boolean hasNow(CataloguedFile.Seed seed) {
        try {
            return transactions.writeSoon(() -> seeds.isThere(seed));
        } catch (ImageNotFound e) {
            // As in isSeen.
            return false;
        }
    }

    /**
     * Whether an image is sealed, once every change that is under way for its row has ended. To be called in no transaction.
     *
     * @throws ImageNotFound if there is no such image
     * @throws RuntimeException when that cannot be told now
     */
    public boolean isSealed(UUID id) {
        return transactions.writeSoon(() -> images.lock(ImageRef.of(id)).isSealed());
    }

    /**
     * Whether an operation that is not over is to make the file of an image that only has its name reserved. What there is of
     * that file is the operation's then.
     */
    public boolean isAwaited(UUID id) {
        return !claims.changing(List.of(id)).isEmpty() && !isSeen(id);
    }

    private boolean isSeen(UUID id) {
        try {
            return transactions.writeSoon(
                    () -> images.exists(id) && images.lock(ImageRef.of(id)).state() != ImageState.CREATING);
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
            transactions.writeSoon(() -> {
                TransactionAspectSupport.currentTransactionStatus().setRollbackOnly();
                return database.sql(
                                "insert into image (id, name, description, search_text, state, sealed, protected, lifetime,"
                                        + " clonable, virtual_size, allocated_size, cluster_size, created_at, created_by,"
                                        + " updated_at, trashed_at, version)"
                                        + " values (:id, :name, '', '', 'trashed', false, false, 'persistent',"
                                        + " false, 0, 0, 65536, current_timestamp, '', current_timestamp,"
                                        + " current_timestamp, 0)")
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
