package io.cowshed.engine.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DirectorySyncTests {

    @TempDir
    private Path directory;

    /** A flush that waits to be let through, and fails on demand. */
    private static final class Gate implements DirectorySync.Flush {
        final AtomicInteger runs = new AtomicInteger();
        final Semaphore entered = new Semaphore(0);
        final Semaphore allowed = new Semaphore(0);
        volatile int failingRun = -1;

        @Override
        public void run() throws IOException {
            int number = runs.incrementAndGet();
            entered.release();
            allowed.acquireUninterruptibly();
            if (number == failingRun) {
                throw new IOException("no luck");
            }
        }
    }

    @Test
    void syncsARealDirectoryAndSaysWhenItIsMissing() throws IOException {
        new DirectorySync(directory).sync();
        DirectorySync missing = new DirectorySync(directory.resolve("none"));
        assertThatThrownBy(missing::sync).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(missing::sync).isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void anInterruptIsPutOffUntilTheNamesAreStable() throws IOException {
        Thread.currentThread().interrupt();
        new DirectorySync(directory).sync();
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void thoseWhoCameDuringOneFlushShareTheNext() throws Exception {
        Gate gate = new Gate();
        DirectorySync sync = new DirectorySync(gate);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<?> first = threads.submit(call(sync));
            gate.entered.acquire();
            List<Future<?>> others = waiting(threads, sync, 20);
            gate.allowed.release();
            gate.entered.acquire();
            first.get();
            assertThat(others).noneMatch(Future::isDone);
            gate.allowed.release();
            for (Future<?> other : others) {
                other.get();
            }
        }
        assertThat(gate.runs).hasValue(2);
    }

    @Test
    void aFailureReachesEveryoneItWasForAndNobodyElse() throws Exception {
        Gate gate = new Gate();
        gate.failingRun = 2;
        DirectorySync sync = new DirectorySync(gate);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<?> first = threads.submit(call(sync));
            gate.entered.acquire();
            List<Future<?>> others = waiting(threads, sync, 5);
            gate.allowed.release(2);
            first.get();
            for (Future<?> other : others) {
                assertThatThrownBy(other::get)
                        .isInstanceOf(ExecutionException.class)
                        .hasRootCauseMessage("no luck");
            }
            gate.allowed.release();
            threads.submit(call(sync)).get();
        }
        assertThat(gate.runs).hasValue(3);
    }

    /** Starts callers and returns when all of them wait for the flush under way to end. */
    private static List<Future<?>> waiting(ExecutorService threads, DirectorySync sync, int count) throws Exception {
        CountDownLatch started = new CountDownLatch(count);
        List<Future<?>> futures = new ArrayList<>();
        List<Thread> callers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            futures.add(threads.submit(() -> {
                synchronized (callers) {
                    callers.add(Thread.currentThread());
                }
                started.countDown();
                sync.sync();
                return null;
            }));
        }
        started.await();
        for (Thread caller : callers) {
            while (caller.getState() != Thread.State.WAITING) {
                Thread.onSpinWait();
            }
        }
        return futures;
    }

    private static java.util.concurrent.Callable<?> call(DirectorySync sync) {
        return () -> {
            sync.sync();
            return null;
        };
    }
}
