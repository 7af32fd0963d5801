package io.cowshed.transfer;

import jakarta.annotation.PreDestroy;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import org.springframework.stereotype.Component;

/**
 * Runs the work of imports on threads that the operating system schedules. Requests are served by virtual threads, which
 * share a processor only when they wait: what decompresses a few bytes to gigabytes does not, and would keep all others
 * waiting. A few of the threads work at a time, each while it has bytes to work on; those that wait for their senders
 * ({@link AwaitedBody}) take nobody's turn. Imports beyond what the memory is enough for wait to begin.
 */
@Component
class ImportThreads {

    /** More would not be faster, since each can fill a processor or the volume by itself. */
    private static final int AT_ONCE = 8;

    /** The pieces that are hashed and written, and the buffers. */
    private static final int MIB_OF_ANY = 5;

    /** Beside that, for zstd's window, which lies outside the heap. */
    private static final int MIB_OF_ZSTD = 9;

    private static final int MIB_OF_XZ = Coding.XZ_MEMORY_KIB >> 10;

    private final ExecutorService threads = Executors.newThreadPerTaskExecutor(
            Thread.ofPlatform().name("import-", 0).daemon().factory());

    private final Semaphore turns = new Semaphore(AT_ONCE, true);

    /** In MiB: half as much as the heap. */
    private final Semaphore memory = new Semaphore((int) (heapMib() / 2), true);

    /** Lets the dictionaries take a quarter of the heap, or one of them whatever it takes. */
    private final Semaphore xz = new Semaphore((int) Math.max(1, heapMib() / 4 / MIB_OF_XZ), true);

    /** What is to be done with the bytes that come in. */
    @FunctionalInterface
    interface Work<T> {

        /** Does it. Nothing else may read what the bytes are taken from. */
        T with(InputStream body) throws IOException, InterruptedException;
    }

    /** Returns, or throws, what {@code work} does; when the caller is interrupted, so is the work. */
    <T> T call(Coding coding, InputStream body, Work<T> work) throws IOException, InterruptedException {
        if (coding != Coding.XZ) {
            return call(coding == Coding.ZSTD ? MIB_OF_ANY + MIB_OF_ZSTD : MIB_OF_ANY, body, work);
        }
        // Not out of the memory that the other imports share: they need not wait for the few of these that fit.
        xz.acquire();
        try {
            return call(MIB_OF_ANY, body, work);
        } finally {
            xz.release();
        }
    }

    private <T> T call(int mib, InputStream body, Work<T> work) throws IOException, InterruptedException {
        memory.acquire(mib);
        try {
            return result(threads.submit(() -> inTurn(body, work)));
        } finally {
            memory.release(mib);
        }
    }

    private <T> T inTurn(InputStream body, Work<T> work) throws IOException, InterruptedException {
        turns.acquire();
        try {
            return work.with(new AwaitedBody(body, turns, this::isMemoryWanted, System::nanoTime));
        } finally {
            turns.release();
        }
    }

    private boolean isMemoryWanted() {
        return memory.hasQueuedThreads() || xz.hasQueuedThreads();
    }

    private static <T> T result(Future<T> work) throws IOException, InterruptedException {
        try {
            return work.get();
        } catch (InterruptedException e) {
            work.cancel(true);
            throw e;
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException failure -> throw failure;
                case RuntimeException failure -> throw failure;
                case InterruptedException failure -> throw failure;
                case Error failure -> throw failure;
                case null, default -> throw new AssertionError(e);
            }
        }
    }

    private static long heapMib() {
        return Runtime.getRuntime().maxMemory() >> 20;
    }

    @PreDestroy
    void stop() {
        threads.shutdownNow();
    }
}
