package io.cowshed.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.cowshed.testing.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Two transactions: the first does its work and holds its locks; the second begins, and either ends or is seen to wait;
 * only then does the first commit.
 */
public final class Race {

    /** A transaction: does the work, then calls back, then commits. */
    @FunctionalInterface
    public interface Contender {
        void run(Pause beforeCommit) throws Exception;
    }

    /** What a contender does between its work and its commit. */
    @FunctionalInterface
    public interface Pause {
        void pause() throws Exception;
    }

    /**
     * How it ended.
     *
     * @param secondWaited whether the second was seen waiting for a lock of the first
     * @param first why the first failed, or null
     * @param second why the second failed, or null
     */
    public record Outcome(
            boolean secondWaited,
            @Nullable Throwable first,
            @Nullable Throwable second) {

        public boolean bothCommitted() {
            return first == null && second == null;
        }

        /** That the second waited for the first, which committed, and was then refused. */
        public void requireSecondRefused(ProblemType type) {
            assertThat(secondWaited).isTrue();
            assertThat(first).isNull();
            assertThat(second)
                    .isInstanceOfSatisfying(
                            CowshedException.class, e -> assertThat(e.type()).isEqualTo(type));
        }
    }

    private final TestDatabase database;

    public Race(TestDatabase database) {
        this.database = database;
    }

    public Outcome run(Contender first, Contender second) throws Exception {
        CountDownLatch firstHolds = new CountDownLatch(1);
        CountDownLatch firstMayCommit = new CountDownLatch(1);
        try (Connection observer = database.connect();
                ExecutorService threads = Executors.newFixedThreadPool(2)) {
            Future<@Nullable Void> one = threads.submit(() -> {
                try {
                    first.run(() -> {
                        firstHolds.countDown();
                        firstMayCommit.await();
                    });
                } finally {
                    firstHolds.countDown();
                }
                return null;
            });
            firstHolds.await();
            boolean waited;
            Future<@Nullable Void> two;
            try {
                AtomicReference<@Nullable Thread> thread = new AtomicReference<>();
                two = threads.submit(() -> {
                    thread.set(Thread.currentThread());
                    second.run(() -> {});
                    return null;
                });
                waited = awaitWaitingOrDone(observer, thread, two);
            } finally {
                firstMayCommit.countDown();
            }
            Throwable failureOfSecond = failure(two);
            return new Outcome(waited, failure(one), failureOfSecond);
        }
    }

    private boolean awaitWaitingOrDone(Connection observer, AtomicReference<@Nullable Thread> thread, Future<?> second)
            throws SQLException {
        while (!second.isDone()) {
            if (database.waiting(observer) > 0 || meetsUncommittedKey(thread.get())) {
                return true;
            }
            Thread.onSpinWait();
        }
        return false;
    }

    /**
     * Whether the thread is at the place where H2 finds that another transaction has inserted a key. H2 then neither
     * fails nor waits: it runs the statement again until the other has ended.
     */
    private static boolean meetsUncommittedKey(@Nullable Thread thread) {
        if (thread == null) {
            return false;
        }
        StackTraceElement[] frames = thread.getStackTrace();
        for (int i = 1; i < frames.length; i++) {
            if (frames[i].getMethodName().equals("checkUnique")
                    && frames[i - 1].getClassName().equals("org.h2.message.DbException")) {
                return true;
            }
        }
        return false;
    }

    private static @Nullable Throwable failure(Future<?> future) throws InterruptedException {
        try {
            future.get();
            return null;
        } catch (ExecutionException e) {
            return e.getCause();
        }
    }
}
