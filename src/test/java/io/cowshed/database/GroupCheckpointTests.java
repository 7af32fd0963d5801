package io.cowshed.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.problem.DatabaseUnavailable;
import io.cowshed.problem.ProblemType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.jdbc.core.simple.JdbcClient;

@Timeout(30)
class GroupCheckpointTests {

    private final SteppedCheckpoint checkpoint = new SteppedCheckpoint();
    private final GroupCheckpoint group = new GroupCheckpoint(checkpoint);
    private final ExecutorService threads = Executors.newCachedThreadPool();

    @AfterEach
    void stop() {
        threads.shutdownNow();
    }

    @Test
    void runsOneCheckpointForAllWhoCameDuringTheOneBefore() throws Exception {
        Future<?> first = threads.submit(group::await);
        checkpoint.begun.acquire();
        List<Future<?>> others = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            others.add(submitAndSeeItWait());
        }

        checkpoint.mayEnd.release();
        first.get();
        checkpoint.begun.acquire();
        assertThat(others).noneMatch(Future::isDone);

        checkpoint.mayEnd.release();
        for (Future<?> other : others) {
            other.get();
        }
        assertThat(checkpoint.runs).hasValue(2);
    }

    @Test
    void tellsAllWhoWaitThatTheCheckpointFailed() throws Exception {
        Future<?> first = threads.submit(group::await);
        checkpoint.begun.acquire();
        Future<?> second = submitAndSeeItWait();
        checkpoint.failure = new IOException("no space");
        checkpoint.mayEnd.release();

        for (Future<?> waiter : List.of(first, second)) {
            assertThatExceptionOfType(ExecutionException.class)
                    .isThrownBy(waiter::get)
                    .havingCause()
                    .isInstanceOfSatisfying(
                            DatabaseUnavailable.class,
                            e -> assertThat(e.type()).isEqualTo(ProblemType.DATABASE_UNAVAILABLE))
                    .withRootCauseInstanceOf(IOException.class);
        }
    }

    @Test
    void neverTriesAgainAfterAFailure() {
        checkpoint.failure = new IOException("no space");
        checkpoint.mayEnd.release();
        assertThatThrownBy(group::await).isInstanceOf(DatabaseUnavailable.class);
        checkpoint.failure = null;

        assertThatThrownBy(group::await).isInstanceOf(DatabaseUnavailable.class);
        assertThatThrownBy(group::refuseIfFailed).isInstanceOf(DatabaseUnavailable.class);
        assertThat(checkpoint.runs).hasValue(1);
    }

    @Test
    void interruptionNeitherCutsTheWaitShortNorIsLost() throws Exception {
        Future<?> first = threads.submit(group::await);
        checkpoint.begun.acquire();
        CountDownLatch returned = new CountDownLatch(1);
        boolean[] stillInterrupted = new boolean[1];
        Thread waiter = Thread.ofPlatform().start(() -> {
            group.await();
            stillInterrupted[0] = Thread.currentThread().isInterrupted();
            returned.countDown();
        });
        awaitParked(waiter);
        waiter.interrupt();

        checkpoint.mayEnd.release();
        checkpoint.begun.acquire();
        first.get();
        assertThat(returned.getCount()).isOne();
        checkpoint.mayEnd.release();
        assertThat(returned.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(stillInterrupted[0]).isTrue();
    }

    private Future<?> submitAndSeeItWait() {
        Thread[] thread = new Thread[1];
        CountDownLatch started = new CountDownLatch(1);
        Future<?> future = threads.submit(() -> {
            thread[0] = Thread.currentThread();
            started.countDown();
            group.await();
        });
        try {
            started.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        awaitParked(thread[0]);
        return future;
    }

    private static void awaitParked(Thread thread) {
        while (thread.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
    }

    /** Begins and ends when the test says so. */
    private static final class SteppedCheckpoint implements Checkpoint {

        final Semaphore begun = new Semaphore(0);
        final Semaphore mayEnd = new Semaphore(0);
        final AtomicInteger runs = new AtomicInteger();
        volatile @Nullable Exception failure;

        @Override
        public void run() throws Exception {
            runs.incrementAndGet();
            begun.release();
            mayEnd.acquireUninterruptibly();
            Exception thrown = failure;
            if (thrown != null) {
                throw thrown;
            }
        }

        @Override
        public void requireDurableCommits(JdbcClient database) {
            throw new AssertionError("Not asked for");
        }
    }
}
