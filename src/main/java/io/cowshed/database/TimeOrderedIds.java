package io.cowshed.database;

import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Makes ids that sort by the time they were made: UUID version 7 (RFC 9562, section 5.7), whose 12 bits after the
 * version count fractions of the millisecond (section 6.2, method 3). Ids of one instance are strictly increasing.
 */
public final class TimeOrderedIds {

    private static final int FRACTION_BITS = 12;
    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final long VARIANT = 0b10L << 62;

    private final Clock clock;
    private final SecureRandom random = new SecureRandom();
    private final AtomicLong last = new AtomicLong();

    public TimeOrderedIds(Clock clock) {
        this.clock = clock;
    }

    /** An id that no other call, here or on another replica, returns. */
    public UUID next() {
        long ticks = last.accumulateAndGet(now(), (previous, now) -> Math.max(previous + 1, now));
        long millis = ticks >>> FRACTION_BITS;
        long fraction = ticks & ((1L << FRACTION_BITS) - 1);
        return new UUID((millis << 16) | (7L << FRACTION_BITS) | fraction, VARIANT | (random.nextLong() >>> 2));
    }

    private long now() {
        long nanos = ChronoUnit.NANOS.between(Instant.EPOCH, clock.instant());
        long fraction = ((nanos % NANOS_PER_MILLI) << FRACTION_BITS) / NANOS_PER_MILLI;
        return ((nanos / NANOS_PER_MILLI) << FRACTION_BITS) | fraction;
    }
}
