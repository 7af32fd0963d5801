package io.cowshed.cow;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** How long it takes to make clones, from the rules to the commit, and how many were made. */
final class CloneMeters {

    private final Timer made;
    private final Timer refused;
    private final Counter clones;

    CloneMeters(MeterRegistry meters) {
        this.made = timer(meters, "made");
        this.refused = timer(meters, "refused");
        this.clones = Counter.builder("cowshed.clones")
                .description("Clones that were made")
                .register(meters);
    }

    private static Timer timer(MeterRegistry meters, String outcome) {
        return Timer.builder("cowshed.clone")
                .description("Making the clones of one call")
                .tag("outcome", outcome)
                .register(meters);
    }

    <T> T measure(int count, Supplier<T> work) {
        long begun = System.nanoTime();
        Timer timer = refused;
        try {
            T answer = work.get();
            timer = made;
            clones.increment(count);
            return answer;
        } finally {
            timer.record(System.nanoTime() - begun, TimeUnit.NANOSECONDS);
        }
    }
}
