package io.cowshed.operation;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.spi.FilterReply;
import io.cowshed.problem.DatabaseFailures;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Marker;

/**
 * Makes one line a minute of what the queue logs while the database is away, which is a stack trace for each time it asks. The
 * queue has no setting for that; all else that it logs, and these failures for any other reason, stay as they are.
 */
final class AwayDatabaseFilter extends TurboFilter {

    /** What asks the database again and again, whether there is anything to do or not. */
    private static final Set<String> ASKING = Set.of(
            "com.github.kagkarlsson.scheduler.RunUntilShutdown",
            "com.github.kagkarlsson.scheduler.RunAndLogErrors",
            "com.github.kagkarlsson.shaded.jdbc.TransactionManager");

    private static final long PAUSE_NANOS = Duration.ofMinutes(1).toNanos();

    private final LoggerContext loggers;
    private final LongSupplier nanos;
    private final AtomicLong nextNanos;

    /** @param nanos as {@link System#nanoTime} */
    AwayDatabaseFilter(LoggerContext loggers, LongSupplier nanos) {
        this.loggers = loggers;
        this.nanos = nanos;
        this.nextNanos = new AtomicLong(nanos.getAsLong());
    }

    @Override
    public void start() {
        super.start();
        loggers.addTurboFilter(this);
    }

    @Override
    public void stop() {
        loggers.getTurboFilterList().remove(this);
        super.stop();
    }

    @Override
    public FilterReply decide(
            @Nullable Marker marker,
            Logger logger,
            Level level,
            @Nullable String format,
            Object @Nullable [] parameters,
            @Nullable Throwable failure) {
        if (failure == null
                || !ASKING.contains(logger.getName())
                || !level.isGreaterOrEqual(Level.WARN)
                || DatabaseFailures.unavailable(failure).isEmpty()) {
            return FilterReply.NEUTRAL;
        }
        long next = nextNanos.get();
        long now = nanos.getAsLong();
        if (now - next >= 0 && nextNanos.compareAndSet(next, now + PAUSE_NANOS)) {
            loggers.getLogger(AwayDatabaseFilter.class)
                    .warn(
                            "The queue of operations gets no answer from the database, and goes on asking: {}",
                            String.valueOf(failure));
        }
        return FilterReply.DENY;
    }
}
