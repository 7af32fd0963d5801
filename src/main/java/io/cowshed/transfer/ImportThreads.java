package io.cowshed.transfer;

import jakarta.annotation.PreDestroy;
import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import org.springframework.stereotype.Component;

/**
 * Runs the work of imports on a few threads that the operating system schedules. Requests are served by virtual threads,
 * which share a processor only when they wait: what decompresses a few bytes to gigabytes does not, and would keep all others
 * waiting. Imports beyond that number wait for their turn, and their senders with them, so that memory stays bounded.
 */
@Component
class ImportThreads {

    /** More would not be faster, since each can fill a processor or the volume by itself. */
    private static final int AT_ONCE = 8;

    /** In bytes: what decoding xz may take of the heap, for its dictionary. */
    private static final long XZ_MEMORY = Coding.XZ_MEMORY_KIB * 1024L;

    private final ExecutorService threads = Executors.newFixedThreadPool(
            AT_ONCE, Thread.ofPlatform().name("import-", 0).daemon().factory());

    /** Lets the dictionaries take a quarter of the heap, or one of them whatever it takes. */
    private final Semaphore xz =
            new Semaphore((int) Math.max(1, Runtime.getRuntime().maxMemory() / 4 / XZ_MEMORY), true);

    /** Returns, or throws, what {@code work} does; when the caller is interrupted, so is the work. */
    <T> T call(Coding coding, Callable<T> work) throws IOException, InterruptedException {
        if (coding != Coding.XZ) {
            return call(work);
        }
        xz.acquire();
        try {
            return call(work);
        } finally {
            xz.release();
        }
    }

    private <T> T call(Callable<T> work) throws IOException, InterruptedException {
        Future<T> result = threads.submit(work);
        try {
            return result.get();
        } catch (InterruptedException e) {
            result.cancel(true);
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

    @PreDestroy
    void stop() {
        threads.shutdownNow();
    }
}
