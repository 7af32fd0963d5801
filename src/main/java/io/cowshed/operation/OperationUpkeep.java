package io.cowshed.operation;

import io.cowshed.database.Transactions;
import java.time.Clock;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/** What has to be done about operations now and then. */
@Component
class OperationUpkeep {

    private static final Logger LOG = LoggerFactory.getLogger(OperationUpkeep.class);

    private final OperationStore store;
    private final OperationQueue queue;
    private final OperationProperties properties;
    private final Transactions transactions;
    private final Clock clock;

    OperationUpkeep(
            OperationStore store,
            OperationQueue queue,
            OperationProperties properties,
            Transactions transactions,
            Clock clock) {
        this.store = store;
        this.queue = queue;
        this.properties = properties;
        this.transactions = transactions;
        this.clock = clock;
    }

    @Scheduled(initialDelay = 60_000, fixedDelay = 3_600_000)
    void forgetOldOnes() {
        int forgotten = store.forget(clock.instant().minus(properties.keep()));
        if (forgotten > 0) {
            LOG.info("Forgot {} operations that ended more than {} ago", forgotten, properties.keep());
        }
    }

    /**
     * A row and its job commit together, and the job goes after the row is over. But the queue is a table that people empty when
     * something hangs, and an operation without a job would keep its claims for ever.
     */
    @Scheduled(initialDelay = 60_000, fixedDelay = 600_000)
    void queueLostOnes() {
        for (UUID id : store.withoutJob()) {
            if (transactions.write(() -> queue.add(id))) {
                LOG.warn("Operation {} had lost its place in the queue", id);
            }
        }
    }
}
