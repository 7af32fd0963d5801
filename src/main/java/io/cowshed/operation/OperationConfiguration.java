package io.cowshed.operation;

import ch.qos.logback.classic.LoggerContext;
import com.github.kagkarlsson.scheduler.SchedulerName;
import com.github.kagkarlsson.scheduler.boot.config.DbSchedulerCustomizer;
import com.github.kagkarlsson.scheduler.exceptions.ExecutionException;
import com.github.kagkarlsson.scheduler.jdbc.JdbcCustomization;
import com.github.kagkarlsson.scheduler.task.DeadExecutionHandler;
import com.github.kagkarlsson.scheduler.task.ExecutionComplete;
import com.github.kagkarlsson.scheduler.task.ExecutionOperations;
import com.github.kagkarlsson.scheduler.task.Task;
import com.github.kagkarlsson.scheduler.task.TaskDescriptor;
import com.github.kagkarlsson.scheduler.task.helper.Tasks;
import io.cowshed.database.DatabaseClock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** The queue: db-scheduler's, one job for each operation that is not over, named by its id. */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties(OperationProperties.class)
class OperationConfiguration {

    static final TaskDescriptor<Void> JOB = TaskDescriptor.of("operation");

    private static final Logger LOG = LoggerFactory.getLogger(OperationConfiguration.class);

    private static final DeadExecutionHandler<Void> REVIVAL = new DeadExecutionHandler.ReviveDeadExecution<>();

    private static final Duration AFTER_FAILURE = Duration.ofSeconds(2);

    /** A job whose worker has died is handed out again. */
    @Bean
    Task<Void> operationJob(OperationWorker worker) {
        return Tasks.custom(JOB)
                .onFailure((complete, job) ->
                        job.reschedule(complete, Instant.now().plus(AFTER_FAILURE)))
                .onDeadExecution(OperationConfiguration::revive)
                .execute((job, context) -> worker.run(UUID.fromString(job.getId())));
    }

    /** Every replica finds that it has died, and one is the first. */
    private static void revive(ExecutionComplete died, ExecutionOperations<Void> job) {
        try {
            REVIVAL.deadExecution(died, job);
        } catch (ExecutionException e) {
            LOG.debug(
                    "Another replica has handed out job {}",
                    died.getExecution().taskInstance.getId(),
                    e);
        }
    }

    @Bean(initMethod = "start", destroyMethod = "stop")
    AwayDatabaseFilter awayDatabaseFilter() {
        return new AwayDatabaseFilter((LoggerContext) LoggerFactory.getILoggerFactory(), System::nanoTime);
    }

    @Bean
    QueueTime queueTime(DataSource dataSource, DatabaseClock clock) {
        return new QueueTime(dataSource, clock);
    }

    /** Replicas on one machine are still different ones. */
    @Bean
    DbSchedulerCustomizer replica(QueueTime time) {
        return new DbSchedulerCustomizer() {
            @Override
            public Optional<JdbcCustomization> jdbcCustomization() {
                return Optional.of(time);
            }

            @Override
            public Optional<SchedulerName> schedulerName() {
                return Optional.of(new SchedulerName.Fixed(UUID.randomUUID().toString()));
            }
        };
    }
}
