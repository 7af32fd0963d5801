package io.cowshed.event;

import io.cowshed.database.Batches;
import java.time.Clock;
import java.time.ZoneOffset;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/** Forgets events that are old enough, a batch at a time. */
@Component
@EnableConfigurationProperties(EventProperties.class)
class EventPurge {

    private static final Logger LOG = LoggerFactory.getLogger(EventPurge.class);

    private static final int BATCH = 1000;

    private final JdbcClient database;
    private final Batches batches;
    private final EventProperties properties;
    private final Clock clock;

    EventPurge(JdbcClient database, Batches batches, EventProperties properties, Clock clock) {
        this.database = database;
        this.batches = batches;
        this.properties = properties;
        this.clock = clock;
    }

    @Scheduled(initialDelay = 60_000, fixedDelay = 3_600_000)
    void run() {
        int forgotten = batches.all(BATCH, this::forgetSome);
        if (forgotten > 0) {
            LOG.info("Forgot {} events that are older than {}", forgotten, properties.keep());
        }
    }

    private int forgetSome() {
        return database.sql("delete from event where position in (select position from event"
                        + " where happened_at < :before order by happened_at, position limit " + BATCH + ")")
                .param("before", clock.instant().minus(properties.keep()).atOffset(ZoneOffset.UTC))
                .update();
    }
}
