package io.cowshed.database;

import org.jspecify.annotations.Nullable;
import org.springframework.transaction.TransactionExecution;
import org.springframework.transaction.TransactionExecutionListener;

/**
 * Lets a writing transaction return only once its commit is on disk. H2 never fsyncs on commit, whatever its
 * {@code WRITE_DELAY}; so a checkpoint follows each. A failure of it reaches the caller, and no later transaction that
 * writes commits.
 */
final class DurableCommits implements TransactionExecutionListener {

    private final GroupCheckpoint checkpoint;

    DurableCommits(GroupCheckpoint checkpoint) {
        this.checkpoint = checkpoint;
    }

    @Override
    public void beforeCommit(TransactionExecution transaction) {
        if (!transaction.isReadOnly()) {
            checkpoint.refuseIfFailed();
        }
    }

    @Override
    public void afterCommit(TransactionExecution transaction, @Nullable Throwable commitFailure) {
        if (!transaction.isReadOnly() && commitFailure == null) {
            checkpoint.await();
        }
    }
}
