package io.cowshed.health;

import io.cowshed.problem.CowshedException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;

/**
 * Asks what may never answer, such as a hung mount: once at a time, on a thread of its own, however many want to know. An answer
 * is good for a second, and none within two is one, too.
 */
final class BoundedIndicator implements HealthIndicator {

    private static final Logger LOG = LoggerFactory.getLogger(BoundedIndicator.class);

    private static final long PATIENCE_NANOS = Duration.ofSeconds(2).toNanos();
    private static final long GOOD_NANOS = Duration.ofSeconds(1).toNanos();

    private final String name;
    private final Runnable check;
    private final LongSupplier nanoTime;
    private @Nullable Asked last;
    private boolean wasDown;

    /**
     * @param name what is asked, as a sentence begins
     * @param check returns when all is well
     */
    BoundedIndicator(String name, Runnable check) {
        this(name, check, System::nanoTime);
    }

    /** @param nanoTime as {@link System#nanoTime} */
    BoundedIndicator(String name, Runnable check, LongSupplier nanoTime) {
        this.name = name;
        this.check = check;
        this.nanoTime = nanoTime;
    }

    @Override
    public Health health() {
        Asked asked = asked();
        Health health;
        try {
            asked.answer.get(
                    Math.max(0, asked.sinceNanos + PATIENCE_NANOS - nanoTime.getAsLong()), TimeUnit.NANOSECONDS);
            health = Health.up().build();
        } catch (TimeoutException e) {
            health = down(
                    name + " has not answered for "
                            + TimeUnit.NANOSECONDS.toSeconds(nanoTime.getAsLong() - asked.sinceNanos) + " seconds.",
                    "Look at its server, and the way to it.");
        } catch (ExecutionException e) {
            health = e.getCause() instanceof CowshedException refusal
                    ? down(refusal.detail(), refusal.action())
                    : down(name + " cannot be asked: " + e.getCause() + ".", null);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            health = down("The service is stopping.", null);
        }
        return logged(health);
    }

    private synchronized Asked asked() {
        Asked current = last;
        if (current == null || (current.answer.isDone() && nanoTime.getAsLong() - current.sinceNanos >= GOOD_NANOS)) {
            current = new Asked(nanoTime.getAsLong(), new CompletableFuture<>());
            last = current;
            CompletableFuture<Void> answer = current.answer;
            Thread.ofPlatform().daemon().name("health").start(() -> answer(answer));
        }
        return current;
    }

    private void answer(CompletableFuture<Void> answer) {
        try {
            check.run();
            answer.complete(null);
        } catch (Throwable e) {
            answer.completeExceptionally(e);
        }
    }

    private static Health down(String problem, @Nullable String remedy) {
        Health.Builder down = Health.down().withDetail("problem", problem);
        return remedy == null ? down.build() : down.withDetail("remedy", remedy).build();
    }

    /** Once for each time that it goes or comes back. */
    private synchronized Health logged(Health health) {
        boolean down = !health.getStatus().equals(Status.UP);
        if (down && !wasDown) {
            LOG.error(
                    "This replica takes no calls for now. {} {}",
                    health.getDetails().get("problem"),
                    health.getDetails().getOrDefault("remedy", ""));
        } else if (!down && wasDown) {
            LOG.info("{} is back", name);
        }
        wasDown = down;
        return health;
    }

    private record Asked(long sinceNanos, CompletableFuture<Void> answer) {}
}
