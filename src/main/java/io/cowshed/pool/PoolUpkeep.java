package io.cowshed.pool;

import io.cowshed.problem.CowshedException;
import java.time.Clock;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/**
 * Looks after all pools, every five seconds and whenever something was taken or a size was changed; on every replica, and on each
 * by one thread. What fails is said once, and tried again with growing pauses.
 */
@Component
public class PoolUpkeep implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(PoolUpkeep.class);

    /** How many batches are made for one pool in a row, before it is the next one's turn. */
    private static final int MOST_BATCHES = 20;

    /** How long claims are waited for, so that what many take is made at once rather than one by one beside them. */
    private static final long GATHER_MILLIS = 500;

    private static final long LAST_BATCH_SECONDS = 5;

    private final Pools pools;
    private final PoolStock stock;
    private final Clock clock;
    private final ExecutorService worker = Executors.newSingleThreadExecutor(
            Thread.ofVirtual().name("pool-upkeep").factory());
    private final Executor soon = CompletableFuture.delayedExecutor(GATHER_MILLIS, TimeUnit.MILLISECONDS, worker);
    private volatile boolean stopping;
    private final AtomicBoolean waiting = new AtomicBoolean();
    private final Pauses pauses = new Pauses();

    PoolUpkeep(Pools pools, PoolStock stock, Clock clock) {
        this.pools = pools;
        this.stock = stock;
        this.clock = clock;
    }

    /** Has the pools looked after soon, beside what the caller does. */
    @Scheduled(initialDelay = 5_000, fixedDelay = 5_000)
    public void wake() {
        if (waiting.compareAndSet(false, true)) {
            soon.execute(this::run);
        }
    }

    private void run() {
        waiting.set(false);
        lookAfterAll();
    }

    /** Looks after the pools now. */
    synchronized void lookAfterAll() {
        attempt("Letting go of what was touched in pools", stock::letGoOfTouched);
        attempt("Going through the pools", () -> pools.all().forEach(this::lookAfter));
        attempt("Clearing what is left of pools", stock::clearOrphaned);
    }

    /** What cannot be made does not keep what is to go. */
    private void lookAfter(Pool pool) {
        attempt("Filling the pool of family " + pool.family(), () -> fill(pool));
        attempt("Clearing the pool of family " + pool.family(), () -> stock.clear(pool));
    }

    private void fill(Pool pool) {
        int batches = 0;
        while (!stopping && batches < MOST_BATCHES && stock.makeMissing(pool)) {
            batches++;
        }
    }

    private void attempt(String what, Runnable work) {
        if (stopping || !pauses.isOver(what, clock.instant())) {
            return;
        }
        try {
            work.run();
            if (pauses.end(what)) {
                LOG.info("{} goes well again", what);
            }
        } catch (RuntimeException e) {
            if (pauses.begin(what, clock.instant())) {
                LOG.warn(
                        "{} has failed, and is tried again: {}",
                        what,
                        e instanceof CowshedException refusal ? refusal.detail() : e.getMessage(),
                        e);
            }
        }
    }

    /**
     * Lets the batch that is being made come to its end, unless the volume or the database hangs; the next ones are another
     * replica's, or for later.
     */
    @Override
    public void close() {
        stopping = true;
        worker.shutdown();
        try {
            if (!worker.awaitTermination(LAST_BATCH_SECONDS, TimeUnit.SECONDS)) {
                LOG.warn(
                        "What is being made for a pool is not done after {} seconds; a sweep clears it up",
                        LAST_BATCH_SECONDS);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
