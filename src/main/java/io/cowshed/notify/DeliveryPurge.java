package io.cowshed.notify;

import io.cowshed.database.Batches;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.List;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/** Forgets deliveries that are over for long enough, a batch at a time. */
@Component
class DeliveryPurge {

    private static final Logger LOG = LoggerFactory.getLogger(DeliveryPurge.class);

    private static final int BATCH = 1000;

    private final JdbcClient database;
    private final Batches batches;
    private final SubscriptionProperties properties;
    private final Clock clock;

    DeliveryPurge(JdbcClient database, Batches batches, SubscriptionProperties properties, Clock clock) {
        this.database = database;
        this.batches = batches;
        this.properties = properties;
        this.clock = clock;
    }

    @Scheduled(initialDelay = 60_000, fixedDelay = 3_600_000)
    void run() {
        int forgotten = batches.all(BATCH, this::forgetSome);
        if (forgotten > 0) {
            LOG.info("Forgot {} deliveries that were over more than {} ago", forgotten, properties.keepDeliveries());
        }
    }

    /** Those that somebody has locked are left for the next time: whoever removes a subscription locks them in another order. */
    private int forgetSome() {
        List<UUID> old = database.sql("select id from delivery where ended_at < :before order by ended_at limit "
                        + BATCH + " for update skip locked")
                .param(
                        "before",
                        clock.instant().minus(properties.keepDeliveries()).atOffset(ZoneOffset.UTC))
                .query((row, _) -> row.getObject("id", UUID.class))
                .list();
        return old.isEmpty()
                ? 0
                : database.sql("delete from delivery where id in (:ids)")
                        .param("ids", old)
                        .update();
    }
}
