package io.cowshed.retention;

import io.cowshed.catalog.Leases;
import io.cowshed.event.Actor;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.DatabaseUnavailable;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/**
 * Lets disposable images go at their end, those first whose end is past longest; every quarter of a minute, on every replica:
 * what one has taken on, the others pass over. After a time without service it goes on until nothing is due.
 */
@Component
class Expiry {

    private static final Logger LOG = LoggerFactory.getLogger(Expiry.class);

    /** By which events tell what has expired from what somebody has removed. */
    private static final String NAME = "expiry";

    private static final int PAGE = 100;

    /** How many are at work: enough to wait for the storage together, few enough to leave it to others. */
    private static final int WORKERS = 2;

    private final Leases leases;
    private final LastSteps steps;
    private final ClockWatch clock;

    Expiry(Leases leases, LastSteps steps, ClockWatch clock) {
        this.leases = leases;
        this.steps = steps;
        this.clock = clock;
    }

    @Scheduled(initialDelay = 15_000, fixedDelay = 15_000)
    synchronized void run() {
        if (!clock.isTrusted()) {
            return;
        }
        try (ExecutorService workers = Executors.newFixedThreadPool(WORKERS)) {
            List<UUID> due = leases.takeDue(PAGE);
            while (!due.isEmpty()) {
                finish(due, workers);
                due = leases.takeDue(PAGE);
            }
        } catch (RuntimeException e) {
            LOG.warn("The images that expire could not be gone through; it will be tried again", e);
        }
    }

    private void finish(List<UUID> due, ExecutorService workers) {
        List<Future<?>> all = new ArrayList<>(due.size());
        due.forEach(id -> all.add(workers.submit(() -> Actor.onBehalfOf(NAME).run(() -> go(id)))));
        for (Future<?> one : all) {
            try {
                one.get();
            } catch (InterruptedException e) {
                workers.shutdownNow();
                Thread.currentThread().interrupt();
                return;
            } catch (ExecutionException e) {
                workers.shutdownNow();
                throw e.getCause() instanceof RuntimeException failure
                        ? failure
                        : new IllegalStateException(e.getCause());
            }
        }
    }

    /** One that cannot go does not keep the others. */
    private void go(UUID id) {
        try {
            steps.take(id);
        } catch (DatabaseUnavailable e) {
            throw e;
        } catch (CowshedException e) {
            LOG.warn("Image {} stays for now, though it has expired: {}", id, e.detail(), e);
        }
    }
}
