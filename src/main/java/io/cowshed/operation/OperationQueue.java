package io.cowshed.operation;

import com.github.kagkarlsson.scheduler.Scheduler;
import com.github.kagkarlsson.scheduler.SchedulerClient;
import java.time.Instant;
import java.util.UUID;
import javax.sql.DataSource;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.jdbc.datasource.TransactionAwareDataSourceProxy;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/** Where operations get their jobs, one each, in the transaction of the row. */
@Component
class OperationQueue {

    private final SchedulerClient jobs;
    private final ObjectProvider<Scheduler> scheduler;

    OperationQueue(DataSource dataSource, QueueTime time, ObjectProvider<Scheduler> scheduler) {
        this.jobs = SchedulerClient.Builder.create(new TransactionAwareDataSourceProxy(dataSource))
                .jdbcCustomization(time)
                .build();
        this.scheduler = scheduler;
    }

    /** Adds the job of an operation, where it has none. This replica looks for it as soon as the transaction has committed. */
    @Transactional(propagation = Propagation.MANDATORY)
    public boolean add(UUID operation) {
        boolean added = jobs.scheduleIfNotExists(
                OperationConfiguration.JOB.instance(operation.toString()).scheduledTo(Instant.now()));
        TransactionSynchronizationManager.registerSynchronization(new TransactionSynchronization() {
            @Override
            public void afterCommit() {
                scheduler.ifAvailable(Scheduler::triggerCheckForDueExecutions);
            }
        });
        return added;
    }

    /** This replica takes no more jobs. */
    void close() {
        scheduler.ifAvailable(Scheduler::pause);
    }
}
