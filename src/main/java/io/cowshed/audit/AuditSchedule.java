package io.cowshed.audit;

import io.cowshed.database.Transactions;
import io.cowshed.operation.OperationQuery;
import io.cowshed.operation.Operations;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.time.Clock;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/**
 * Asks for an audit that only looks when the last one, whoever asked for it, was asked for long enough ago. Every replica does;
 * the schema has one at a time.
 */
@Component
@EnableConfigurationProperties(AuditProperties.class)
class AuditSchedule {

    private static final Logger LOG = LoggerFactory.getLogger(AuditSchedule.class);

    /** Who asks for them. */
    private static final String NAME = "cowshed";

    private final Auditing auditing;
    private final Operations operations;
    private final AuditProperties properties;
    private final Transactions transactions;
    private final Clock clock;

    AuditSchedule(
            Auditing auditing,
            Operations operations,
            AuditProperties properties,
            Transactions transactions,
            Clock clock) {
        this.auditing = auditing;
        this.operations = operations;
        this.properties = properties;
        this.transactions = transactions;
        this.clock = clock;
    }

    @Scheduled(initialDelay = 600_000, fixedDelay = 600_000)
    void run() {
        if (properties.every().isZero()) {
            return;
        }
        try {
            if (isDue()) {
                transactions.write(() -> auditing.submit(AuditOptions.LOOK, NAME));
            }
        } catch (CowshedException e) {
            if (e.type() == ProblemType.AUDIT_RUNNING) {
                LOG.debug("Another replica was faster", e);
            } else {
                LOG.warn("No audit could be asked for; it will be tried again", e);
            }
        }
    }

    private boolean isDue() {
        return operations.list(new OperationQuery(Set.of(), Auditing.KIND, null, null, 1)).stream()
                .findFirst()
                .filter(last -> last.createdAt().plus(properties.every()).isAfter(clock.instant()))
                .isEmpty();
    }
}
