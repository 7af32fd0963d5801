package io.cowshed.retention;

import io.cowshed.catalog.Leases;
import io.cowshed.database.ClockWatch;
import io.cowshed.event.Actor;
import io.cowshed.problem.DatabaseUnavailable;
import java.util.List;
import java.util.Set;
import java.util.UUID;
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

    private final Leases leases;
    private final PlainSteps plain;
    private final LastSteps steps;
    private final ClockWatch clock;
    private final Turns turns;

    Expiry(Leases leases, PlainSteps plain, LastSteps steps, ClockWatch clock, Turns turns) {
        this.leases = leases;
        this.plain = plain;
        this.steps = steps;
        this.clock = clock;
        this.turns = turns;
    }

    @Scheduled(initialDelay = 15_000, fixedDelay = 15_000)
    synchronized void run() {
        try {
            turns.takeAll(() -> clock.isTrusted() && takeSome());
        } catch (RuntimeException e) {
            LOG.warn("The images that expire could not be gone through; it will be tried again", e);
        }
    }

    private boolean takeSome() {
        List<UUID> due = leases.takeDue(Turns.PAGE);
        Actor.onBehalfOf(NAME).run(() -> {
            Set<UUID> taken = plain.take(due);
            due.stream().filter(id -> !taken.contains(id)).forEach(this::go);
        });
        return !due.isEmpty();
    }

    /** One that cannot go does not keep the others. */
    private void go(UUID id) {
        try {
            steps.take(id);
        } catch (DatabaseUnavailable e) {
            throw e;
        } catch (RuntimeException e) {
            LOG.warn("Image {} stays for now, though it has expired: {}", id, e.getMessage(), e);
        }
    }
}
