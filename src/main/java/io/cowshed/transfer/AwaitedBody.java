package io.cowshed.transfer;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * The bytes of a sender, who may take any time over them: the turn of whoever awaits them is given up meanwhile. Only the
 * memory of the import cannot be; so a sender who is slow himself is refused as soon as others need it.
 */
final class AwaitedBody extends FilterInputStream {

    /** In bytes per second: who sends more is never refused. */
    static final int SLOW = 64 << 10;

    /** How long a sender was waited for, in all, before he can be called slow. */
    static final Duration GRACE = Duration.ofSeconds(10);

    private final Semaphore turns;
    private final BooleanSupplier memoryIsWanted;
    private final LongSupplier nanoTime;
    private long awaitedNanos;
    private long received;

    /** For a thread that has one of {@code turns}. */
    AwaitedBody(InputStream body, Semaphore turns, BooleanSupplier memoryIsWanted, LongSupplier nanoTime) {
        super(body);
        this.turns = turns;
        this.memoryIsWanted = memoryIsWanted;
        this.nanoTime = nanoTime;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    /** @throws CowshedException {@link ProblemType#BODY_INCOMPLETE} when the sender is too slow for those who wait */
    @Override
    public int read(byte[] target, int offset, int space) throws IOException {
        int count = await(target, offset, space);
        received += Math.max(count, 0);
        if (count >= 0 && isSlow() && memoryIsWanted.getAsBoolean()) {
            throw new CowshedException(
                    ProblemType.BODY_INCOMPLETE,
                    "The body came in at less than " + SLOW
                            + " bytes per second while other imports waited for memory.",
                    "Send it again later, or over a faster line.");
        }
        return count;
    }

    private int await(byte[] target, int offset, int space) throws IOException {
        turns.release();
        long begun = nanoTime.getAsLong();
        try {
            return in.read(target, offset, space);
        } finally {
            awaitedNanos += nanoTime.getAsLong() - begun;
            // Without the turn there is no going on, not even to the end of the work.
            turns.acquireUninterruptibly();
        }
    }

    /** Only the time spent waiting for the sender counts: neither the volume nor the other imports are his fault. */
    private boolean isSlow() {
        return awaitedNanos > GRACE.toNanos() && received < awaitedNanos / 1_000_000_000L * SLOW;
    }
}
