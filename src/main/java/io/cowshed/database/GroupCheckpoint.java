package io.cowshed.database;

import io.cowshed.problem.DatabaseUnavailable;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Runs a checkpoint for many waiters at once: whoever waits returns when a checkpoint that began after the call has
 * ended. One of the waiters runs it for all.
 *
 * <p>A checkpoint that failed is never run again: what the kernel could not write it may have forgotten, so that a later
 * fsync proves nothing about earlier commits (the database must be opened anew).
 */
final class GroupCheckpoint {

    private final Checkpoint checkpoint;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition ended = lock.newCondition();
    private long lastBegun;
    private long lastEnded;
    private @Nullable Exception failure;

    GroupCheckpoint(Checkpoint checkpoint) {
        this.checkpoint = checkpoint;
    }

    /** @throws DatabaseUnavailable if a checkpoint has failed, now or before */
    void await() {
        lock.lock();
        try {
            long mine = lastBegun + 1;
            while (lastEnded < mine) {
                refuseAfterFailure();
                if (lastBegun == lastEnded) {
                    lead();
                } else {
                    ended.awaitUninterruptibly();
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** @throws DatabaseUnavailable if a checkpoint has failed */
    void refuseIfFailed() {
        lock.lock();
        try {
            refuseAfterFailure();
        } finally {
            lock.unlock();
        }
    }

    private void refuseAfterFailure() {
        if (failure != null) {
            throw new DatabaseUnavailable(
                    "The database could not be written to disk; what was changed since is not safe.",
                    "Ask the operator to start Cowshed again, with a disk that works.",
                    failure);
        }
    }

    /** Called with the lock held, which it lets go while the checkpoint runs. */
    private void lead() {
        long number = ++lastBegun;
        lock.unlock();
        Exception thrown = new IllegalStateException("The checkpoint did not return");
        try {
            checkpoint.run();
            thrown = null;
        } catch (Exception e) {
            thrown = e;
        } finally {
            lock.lock();
            if (thrown == null) {
                lastEnded = number;
            } else {
                failure = thrown;
                lastBegun = lastEnded;
            }
            ended.signalAll();
        }
    }
}
