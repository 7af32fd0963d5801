package io.cowshed.database;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.stereotype.Component;

/**
 * Whether the clock can be trusted with what cannot be taken back. One that has jumped ahead of the time that passed is
 * not, for an hour: time for somebody to set it right, before everything that has an end seems to be past it. Nor is one that
 * the machine's own clock contradicts: who knows which of the two is wrong.
 */
@Component
public class ClockWatch {

    private static final Logger LOG = LoggerFactory.getLogger(ClockWatch.class);

    private static final Duration TOLERANCE = Duration.ofMinutes(5);

    private static final Duration DISTRUST = Duration.ofHours(1);

    private final Clock clock;
    private final Supplier<Duration> skew;
    private final LongSupplier nanoTime;
    private @Nullable Instant last;
    private long lastNanos;

    /** By {@code nanoTime}, when the clock is trusted again; null while it is. */
    private @Nullable Long distrustedUntil;

    @Autowired
    ClockWatch(DatabaseClock clock) {
        this(clock, clock::skew, System::nanoTime);
    }

    /**
     * @param skew by how much another clock, which should agree, is ahead of this one
     * @param nanoTime what never jumps
     */
    ClockWatch(Clock clock, Supplier<Duration> skew, LongSupplier nanoTime) {
        this.clock = clock;
        this.skew = skew;
        this.nanoTime = nanoTime;
    }

    /** To be asked every few minutes at least: a jump is seen between two questions. */
    public synchronized boolean isTrusted() {
        Instant now = clock.instant();
        long nanos = nanoTime.getAsLong();
        if (last != null) {
            Duration ahead = Duration.between(last, now).minusNanos(nanos - lastNanos);
            if (ahead.compareTo(TOLERANCE) > 0) {
                LOG.error(
                        "The clock jumped ahead by {}, to {}: nothing expires, lapses or is purged for {}. Set it right, or wait",
                        ahead,
                        now,
                        DISTRUST);
                distrustedUntil = nanos + DISTRUST.toNanos();
            }
        }
        last = now;
        lastNanos = nanos;
        if (distrustedUntil != null && nanos - distrustedUntil >= 0) {
            distrustedUntil = null;
        }
        return distrustedUntil == null && skew.get().abs().compareTo(TOLERANCE) <= 0;
    }
}
