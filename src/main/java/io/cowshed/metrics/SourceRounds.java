package io.cowshed.metrics;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The rounds in which one source is asked. What it said last is shown until the next round has ended; when a round fails, or
 * hangs, nothing is known: the numbers are NaN, and {@code cowshed.source.up} is 0.
 */
final class SourceRounds {

    private static final Logger LOG = LoggerFactory.getLogger(SourceRounds.class);

    /** A source rests for so many times as long as it was asked, however large the fleet is. */
    private static final int SHARE = 10;

    /** A round that takes longer hangs. */
    private static final long PATIENCE_NANOS = Duration.ofSeconds(30).toNanos();

    private final Source source;
    private final List<Census> all;
    private final MeterRegistry meters;
    private final long intervalNanos;
    private final LongSupplier nanos;

    /** What each gauge shows; for the thread of the rounds. */
    private final Map<Key, Shown> shown = new HashMap<>();

    private volatile boolean answered;
    private volatile boolean asking;
    private volatile long begunNanos;

    private record Key(String name, Tags tags) {}

    private static final class Shown {
        private volatile double value;
    }

    SourceRounds(Source source, List<Census> all, MeterRegistry meters, Duration interval, LongSupplier nanos) {
        this.source = source;
        this.all = all;
        this.meters = meters;
        this.intervalNanos = interval.toNanos();
        this.nanos = nanos;
        Gauge.builder("cowshed.source.up", () -> isUp() ? 1 : 0)
                .description("Whether the numbers that it is asked for could be had the last time")
                .tag("source", source.word())
                .register(meters);
    }

    Source source() {
        return source;
    }

    /** Until the thread is interrupted. */
    void goOn() {
        try {
            while (!Thread.currentThread().isInterrupted()) {
                TimeUnit.NANOSECONDS.sleep(round());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Asks once.
     *
     * @return how long to rest then, in nanoseconds
     */
    long round() {
        begunNanos = nanos.getAsLong();
        asking = true;
        boolean well = false;
        try {
            List<Count> counts =
                    all.stream().flatMap(census -> census.take().stream()).toList();
            show(counts);
            well = true;
        } catch (RuntimeException e) {
            if (answered && !Thread.currentThread().isInterrupted()) {
                LOG.warn("What is to be measured cannot be had from the {} now; it is tried again", source.word(), e);
            } else {
                LOG.debug("What is to be measured still cannot be had from the {}", source.word(), e);
            }
        } finally {
            answered = well;
            asking = false;
        }
        return Math.max(intervalNanos, (nanos.getAsLong() - begunNanos) * SHARE);
    }

    private boolean isUp() {
        return answered && !(asking && nanos.getAsLong() - begunNanos > PATIENCE_NANOS);
    }

    private void show(List<Count> counts) {
        Map<Key, Double> now = new HashMap<>();
        for (Count count : counts) {
            Key key = new Key(count.name(), count.tags());
            now.put(key, count.value());
            shown.computeIfAbsent(key, _ -> gauge(count));
        }
        shown.forEach((key, one) -> one.value = now.getOrDefault(key, 0.0));
    }

    private Shown gauge(Count count) {
        Shown one = new Shown();
        Gauge.builder(count.name(), () -> isUp() ? one.value : Double.NaN)
                .description(count.description())
                .baseUnit(count.unit())
                .tags(count.tags())
                .register(meters);
        return one;
    }
}
