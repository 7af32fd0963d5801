package io.cowshed.database;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.scheduling.annotation.Scheduled;

/**
 * The time of the database, by which all replicas go: leases, signs of life, what is due, and when something happened mean the
 * same to each of them, however wrong the clock of its machine is. Between two looks at the database's clock time passes as
 * {@link System#nanoTime} has it, which nobody sets.
 */
public final class DatabaseClock extends Clock {

    private static final Logger LOG = LoggerFactory.getLogger(DatabaseClock.class);

    /** Machines that are looked after are closer than that by orders of magnitude. */
    private static final Duration TOLERANCE = Duration.ofSeconds(5);

    /** Clocks of machines run apart by less than one part in so many. */
    private static final long DRIFT = 1000;

    private final Supplier<Instant> database;
    private final Clock machine;
    private final LongSupplier nanoTime;
    private volatile Reading reading;
    private boolean warned;

    /** @param errorNanos by how much it may be wrong: nobody knows when between question and answer it was that time */
    private record Reading(Instant time, long atNanos, long errorNanos) {

        /** By how much what is counted on from it may be wrong then. */
        long errorNanos(long nanos) {
            return errorNanos + (nanos - atNanos) / DRIFT;
        }
    }

    /**
     * Looks for the first time.
     *
     * @param database asks the database for its time
     * @param machine the clock that this one is held against
     * @param nanoTime as {@link System#nanoTime}
     * @throws RuntimeException if the database does not answer
     */
    DatabaseClock(Supplier<Instant> database, Clock machine, LongSupplier nanoTime) {
        this.database = database;
        this.machine = machine;
        this.nanoTime = nanoTime;
        this.reading = read();
        compare();
    }

    private Reading read() {
        long before = nanoTime.getAsLong();
        Instant time = database.get();
        long after = nanoTime.getAsLong();
        long half = (after - before) / 2;
        return new Reading(time, before + half, half);
    }

    /**
     * Looks again. Where the database does not answer, time goes on as it did; and also where it has answered so late, because no
     * connection was free, say, that what was known is nearer to the truth.
     */
    @Scheduled(initialDelay = 10_000, fixedDelay = 10_000)
    void look() {
        try {
            Reading next = read();
            if (next.errorNanos() <= reading.errorNanos(nanoTime.getAsLong())) {
                reading = next;
            }
        } catch (RuntimeException e) {
            LOG.debug("The database does not tell the time; it goes on from what it said last", e);
        }
        compare();
    }

    private synchronized void compare() {
        Duration skew = skew();
        boolean wrong = !agrees();
        if (wrong && !warned) {
            LOG.error(
                    "The clock of this machine is {} {} that of the database, by which Cowshed goes. Set the one that is"
                            + " wrong right (chronyc tracking, timedatectl)",
                    skew.abs(),
                    skew.isPositive() ? "ahead of" : "behind");
        } else if (!wrong && warned) {
            LOG.info("The clock of this machine agrees with that of the database again");
        }
        warned = wrong;
    }

    /** By how much the clock of this machine is ahead of the database's; negative where it is behind. */
    public Duration skew() {
        return Duration.between(instant(), machine.instant());
    }

    /** Whether the two clocks are as close as clocks that somebody looks after. */
    public boolean agrees() {
        return skew().abs().compareTo(TOLERANCE) <= 0;
    }

    @Override
    public Instant instant() {
        Reading last = reading;
        return last.time().plusNanos(nanoTime.getAsLong() - last.atNanos());
    }

    @Override
    public ZoneId getZone() {
        return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
        throw new UnsupportedOperationException("Only UTC is used");
    }
}
