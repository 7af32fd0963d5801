package io.cowshed.transfer;

import java.io.IOException;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Runs long work on a thread that the operating system schedules. Requests are served by virtual threads, which share a
 * processor only when they wait: what decompresses a few bytes to gigabytes does not, and would keep all others waiting.
 */
final class OwnThread {

    private OwnThread() {}

    /** Returns, or throws, what {@code work} does; when the caller is interrupted, so is the work. */
    static <T> T call(Callable<T> work) throws IOException, InterruptedException {
        ExecutorService thread = Executors.newSingleThreadExecutor(
                Thread.ofPlatform().name("import").daemon().factory());
        try {
            return thread.submit(work).get();
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException failure -> throw failure;
                case RuntimeException failure -> throw failure;
                case InterruptedException failure -> throw failure;
                case Error failure -> throw failure;
                case null, default -> throw new AssertionError(e);
            }
        } finally {
            thread.shutdownNow();
            thread.close();
        }
    }
}
