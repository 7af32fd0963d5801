package io.cowshed.engine.posix;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Puts the names in a directory on stable storage, once for all who ask at the same time: a caller returns when a flush
 * that began after its call has ended. When that flush fails, every caller it was for fails.
 */
public final class DirectorySync {

    private final Flush flush;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition ended = lock.newCondition();
    private Round next = new Round();
    private boolean running;

    /** What flushes the directory. */
    @FunctionalInterface
    interface Flush {
        void run() throws IOException;
    }

    /** For the directory at {@code directory}. */
    public DirectorySync(Path directory) {
        this(() -> flush(directory));
    }

    DirectorySync(Flush flush) {
        this.flush = flush;
    }

    /** Returns when every name made or removed in the directory before this call is on stable storage. */
    public void sync() throws IOException {
        Round round = join();
        if (round.ended) {
            round.check();
            return;
        }
        try {
            flush.run();
        } catch (IOException e) {
            round.failure = e;
            throw e;
        } finally {
            end(round);
        }
    }

    /** The round that covers this call, when it has ended; or the next one, which the caller now has to run. */
    private Round join() {
        lock.lock();
        try {
            Round mine = next;
            while (running && !mine.ended) {
                ended.awaitUninterruptibly();
            }
            if (!mine.ended) {
                running = true;
                next = new Round();
            }
            return mine;
        } finally {
            lock.unlock();
        }
    }

    private void end(Round round) {
        lock.lock();
        try {
            round.ended = true;
            running = false;
            ended.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private static final class Round {
        private volatile boolean ended;
        private @Nullable IOException failure;

        void check() throws IOException {
            if (failure != null) {
                throw new IOException(failure.getMessage(), failure);
            }
        }
    }

    /** An interrupt of this thread must not fail the others it flushes for: it is put off until the flush is done. */
    private static void flush(Path directory) throws IOException {
        boolean interrupted = Thread.interrupted();
        try {
            while (true) {
                try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
                    channel.force(true);
                    return;
                } catch (ClosedByInterruptException _) {
                    interrupted = true;
                    Thread.interrupted();
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
