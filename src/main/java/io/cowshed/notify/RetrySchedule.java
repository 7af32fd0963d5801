package io.cowshed.notify;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * When what failed is tried again: after 5 seconds, then three times as long each time, 6 hours at most, and each a quarter
 * more or less, so that what failed together is not tried together.
 */
final class RetrySchedule {

    private static final double FIRST_SECONDS = 5;
    private static final double GROWTH = 3;
    private static final double LONGEST_SECONDS = Duration.ofHours(6).toSeconds();
    private static final double JITTER = 0.25;

    /** For a receiver as a whole: what it is sent is not tried one after the other meanwhile. */
    private static final double LONGEST_REST_SECONDS = 60;

    private final Duration retryFor;
    private final RandomGenerator random;

    RetrySchedule(Duration retryFor, RandomGenerator random) {
        this.retryFor = retryFor;
        this.random = random;
    }

    /**
     * When a delivery is tried next; empty when it has been for long enough.
     *
     * @param tries how many there were, 1 or more
     * @param since when the first of them was begun
     */
    Optional<Instant> next(long tries, Instant since, Instant now) {
        double seconds = Math.min(LONGEST_SECONDS, FIRST_SECONDS * Math.pow(GROWTH, Math.min(tries, 30) - 1.0));
        Instant next = now.plus(jittered(seconds));
        return next.isAfter(since.plus(retryFor)) ? Optional.empty() : Optional.of(next);
    }

    /**
     * How long a receiver is left alone.
     *
     * @param failures how many there were one after the other, 1 or more
     */
    Duration rest(int failures) {
        return jittered(Math.min(LONGEST_REST_SECONDS, Math.pow(2, Math.min(failures, 30) - 1.0)));
    }

    private Duration jittered(double seconds) {
        return Duration.ofMillis((long) (seconds * 1000 * random.nextDouble(1 - JITTER, 1 + JITTER)));
    }
}
