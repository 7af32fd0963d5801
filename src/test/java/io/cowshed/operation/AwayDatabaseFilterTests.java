package io.cowshed.operation;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AwayDatabaseFilterTests {

    private static final String POLLING = "com.github.kagkarlsson.scheduler.RunUntilShutdown";

    private final LoggerContext context = new LoggerContext();
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5);
    private final RuntimeException away = new IllegalStateException(new SQLTransientConnectionException("gone"));
    private final AwayDatabaseFilter filter = new AwayDatabaseFilter(context, nanos::get);

    @BeforeEach
    void start() {
        log.start();
        context.getLogger(Logger.ROOT_LOGGER_NAME).addAppender(log);
        filter.start();
    }

    @AfterEach
    void stop() {
        context.stop();
    }

    @Test
    void oneLineAMinuteTellsOfADatabaseThatIsAway() {
        for (int second = 0; second < 121; second++) {
            context.getLogger(POLLING).error("Unhandled exception. Will keep running.", away);
            nanos.addAndGet(Duration.ofSeconds(1).toNanos());
        }

        assertThat(log.list).hasSize(3).allSatisfy(event -> {
            assertThat(event.getLevel()).isEqualTo(Level.WARN);
            assertThat(event.getThrowableProxy()).isNull();
            assertThat(event.getFormattedMessage()).contains("gets no answer from the database", "gone");
        });
    }

    @Test
    void whatElseGoesWrongIsLoggedEachTime() {
        for (int i = 0; i < 2; i++) {
            context.getLogger(POLLING)
                    .error("Unhandled exception. Will keep running.", new SQLException("no such table", "42P01"));
            context.getLogger("com.github.kagkarlsson.scheduler.ExecutePicked").error("Failed while completing", away);
            context.getLogger(POLLING).error("no exception at all");
        }

        assertThat(log.list)
                .hasSize(6)
                .allSatisfy(event -> assertThat(event.getLevel()).isEqualTo(Level.ERROR));
    }

    @Test
    void nothingIsHeldBackOnceTheServiceHasStopped() {
        filter.stop();
        context.getLogger(POLLING).error("Unhandled exception. Will keep running.", away);

        assertThat(log.list)
                .singleElement()
                .satisfies(event -> assertThat(event.getThrowableProxy()).isNotNull());
    }
}
