package io.cowshed.operation;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Slows the operations of this replica down to so many bytes a second, all together. Safe for use by all their threads. */
final class Bandwidth {

    /** How long one waits at most before it looks whether it is to stop. */
    private static final long PATIENCE = TimeUnit.MILLISECONDS.toNanos(100);

    private final @Nullable Long bytesPerSecond;
    private long free = System.nanoTime();

    Bandwidth(@Nullable Long bytesPerSecond) {
        this.bytesPerSecond = bytesPerSecond;
    }

    /** Returns when as many bytes may have been worked through, and calls {@code check} every now and then until it may. */
    void take(long bytes, Runnable check) {
        if (bytesPerSecond == null) {
            return;
        }
        long until = reserve(bytes, bytesPerSecond);
        try {
            for (long left = until - System.nanoTime(); left > 0; left = until - System.nanoTime()) {
                check.run();
                TimeUnit.NANOSECONDS.sleep(Math.min(left, PATIENCE));
            }
        } catch (OperationStopped e) {
            giveBack(until - System.nanoTime());
            throw e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new OperationStopped(OperationStopped.Reason.SHUTDOWN);
        }
    }

    /** The others need not wait for bytes that nobody works through. */
    private synchronized void giveBack(long nanos) {
        free -= nanos;
    }

    private synchronized long reserve(long bytes, long rate) {
        long start = Math.max(free, System.nanoTime());
        free = start + (long) (bytes * (1e9 / rate));
        return free;
    }
}
