package io.cowshed.catalog;

import io.cowshed.problem.DatabaseUnavailable;
import jakarta.persistence.EntityManager;
import jakarta.persistence.LockModeType;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.interceptor.TransactionAspectSupport;

/**
 * Loads rows by their ids, in the caller's transaction. Hibernate answers null not only where there is none: when the statement
 * fails and that has doomed the transaction, it logs the failure and says null as well. Here that is no answer.
 */
@Component
@Transactional(propagation = Propagation.MANDATORY)
class Rows {

    private final EntityManager entities;

    Rows(EntityManager entities) {
        this.entities = entities;
    }

    /** @throws DatabaseUnavailable when it cannot be told whether there is one */
    <T> Optional<T> find(Class<T> type, UUID id) {
        return found(entities.find(type, id));
    }

    /** As {@link #find}, the row locked against every other lock and change until the transaction ends. */
    <T> Optional<T> lock(Class<T> type, UUID id) {
        return found(entities.find(type, id, LockModeType.PESSIMISTIC_WRITE));
    }

    private static <T> Optional<T> found(@Nullable T row) {
        if (row == null && TransactionAspectSupport.currentTransactionStatus().isRollbackOnly()) {
            throw new DatabaseUnavailable(new IllegalStateException("a statement has failed in this transaction"));
        }
        return Optional.ofNullable(row);
    }
}
