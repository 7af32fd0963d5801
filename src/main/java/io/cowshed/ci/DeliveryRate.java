package io.cowshed.ci;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.springframework.stereotype.Component;

/** How many deliveries each hook may make, on each replica: a hundred a second, and a thousand at once now and then. */
@Component
class DeliveryRate {

    private static final long PER_SECOND = 100;
    private static final long BURST = 1000;

    /** One for each hook: only those whose deliveries were verified come here. */
    private final ConcurrentHashMap<UUID, Bucket> buckets = new ConcurrentHashMap<>();

    private final Clock clock;

    DeliveryRate(Clock clock) {
        this.clock = clock;
    }

    private record Bucket(double tokens, Instant at, boolean granted) {

        Bucket take(Instant now) {
            double seconds = Math.max(0, Duration.between(at, now).toNanos() / 1e9);
            double filled = Math.min(BURST, tokens + seconds * PER_SECOND);
            return filled < 1 ? new Bucket(filled, now, false) : new Bucket(filled - 1, now, true);
        }
    }

    /** @throws Overloaded if the hook has made too many */
    void take(UUID hook) {
        Instant now = clock.instant();
        Bucket left = buckets.compute(
                hook, (_, bucket) -> (bucket == null ? new Bucket(BURST, now, true) : bucket).take(now));
        if (!left.granted()) {
            throw new Overloaded("The hook makes more than " + PER_SECOND + " deliveries a second.");
        }
    }
}
