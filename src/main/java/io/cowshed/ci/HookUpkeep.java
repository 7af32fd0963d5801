package io.cowshed.ci;

import io.cowshed.database.Batches;
import io.cowshed.problem.DatabaseUnavailable;
import java.time.Clock;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/** What has to be done about hooks now and then, on every replica. */
@Component
class HookUpkeep {

    private static final Logger LOG = LoggerFactory.getLogger(HookUpkeep.class);

    private static final int AT_A_TIME = 100;

    /** So that no other work waits for ever: what is left is due the next time. */
    private static final int ROUNDS = 100;

    private final JobDisks disks;
    private final JobRows jobs;
    private final HookDeliveries deliveries;
    private final Batches batches;
    private final HookProperties properties;
    private final Clock clock;

    HookUpkeep(
            JobDisks disks,
            JobRows jobs,
            HookDeliveries deliveries,
            Batches batches,
            HookProperties properties,
            Clock clock) {
        this.disks = disks;
        this.jobs = jobs;
        this.deliveries = deliveries;
        this.batches = batches;
        this.properties = properties;
        this.clock = clock;
    }

    @Scheduled(initialDelay = 15_000, fixedDelay = 15_000)
    void settleDisks() {
        try {
            for (int round = 0; round < ROUNDS && disks.settleDue(AT_A_TIME) == AT_A_TIME; round++) {
                LOG.debug("More disks of jobs that have ended are due");
            }
        } catch (DatabaseUnavailable e) {
            LOG.warn("The disks of jobs that have ended cannot be gone through: {}", String.valueOf(e.getCause()));
        } catch (RuntimeException e) {
            LOG.warn("The disks of jobs that have ended could not be gone through; it will be tried again", e);
        }
    }

    @Scheduled(initialDelay = 60_000, fixedDelay = 3_600_000)
    void forgetOldOnes() {
        Instant now = clock.instant();
        Instant old = now.minus(properties.keepDeliveries());
        int forgotten = batches.all(HookDeliveries.FORGOTTEN_AT_ONCE, () -> deliveries.forget(old));
        int jobsForgotten = jobs.forget(now.minus(properties.keepJobs()));
        if (forgotten + jobsForgotten > 0) {
            LOG.info("Forgot {} deliveries and {} jobs of hooks", forgotten, jobsForgotten);
        }
    }
}
