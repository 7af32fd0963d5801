package io.cowshed.engine.block;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Work that a few platform threads do side by side, and whose results are taken in the order in which it was given. Twice as
 * many pieces as threads are under way at a time, so memory does not grow with the work. Given and taken by one thread.
 */
public final class OrderedWork<T> implements AutoCloseable {

    private static final int MAX_THREADS = 4;

    private final ExecutorService workers;
    private final int most;
    private final Deque<Future<T>> underWay = new ArrayDeque<>();

    /** Starts {@code threads} threads called {@code name} and a number. */
    public OrderedWork(String name, int threads) {
        this.most = 2 * threads;
        this.workers = Executors.newFixedThreadPool(
                threads, Thread.ofPlatform().name(name + "-", 0).daemon().factory());
    }

    /** As many threads as there are processors, but no more than {@value #MAX_THREADS}: others have work to do too. */
    public static int usualThreads() {
        return Math.min(MAX_THREADS, Runtime.getRuntime().availableProcessors());
    }

    /** Whether a result must be taken before more work is given. */
    public boolean isFull() {
        return underWay.size() == most;
    }

    /** Whether every result has been taken. */
    public boolean isEmpty() {
        return underWay.isEmpty();
    }

    /** Gives one piece of work. */
    public void give(Callable<T> work) {
        if (isFull()) {
            throw new IllegalStateException("more than " + most + " pieces of work at a time");
        }
        underWay.add(workers.submit(work));
    }

    /**
     * Waits for the oldest piece of work, and returns its result.
     *
     * @throws IOException as the work threw it
     * @throws InterruptedException when the calling thread is or was interrupted: so are the threads at work then
     */
    public T take() throws IOException, InterruptedException {
        try {
            heedInterrupt();
            return underWay.remove().get();
        } catch (InterruptedException e) {
            workers.shutdownNow();
            throw e;
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException failure -> throw failure;
                case RuntimeException failure -> throw failure;
                case Error failure -> throw failure;
                case null, default -> throw new AssertionError(e);
            }
        }
    }

    /**
     * Does nothing unless the calling thread is interrupted: for between two results that take long.
     *
     * @throws InterruptedException as {@link #take}
     */
    public void heedInterrupt() throws InterruptedException {
        if (Thread.interrupted()) {
            workers.shutdownNow();
            throw new InterruptedException();
        }
    }

    /** Gives up what has not begun, and returns when what has is done: nothing goes on any more then. */
    @Override
    public void close() {
        underWay.forEach(waiting -> waiting.cancel(false));
        workers.close();
    }
}
