package io.cowshed.notify;

import io.cowshed.database.Transactions;
import io.cowshed.event.Event;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/**
 * Hands out what is due, each delivery to one replica at a time: whoever takes one moves the time when it is due to when he
 * has certainly given up. If he dies, it is due again then.
 */
@Component
class DeliveryQueue {

    /** On top of what sending takes at most: for a look-up of names that hangs, and for a database that is slow. */
    private static final Duration GRACE = Duration.ofSeconds(30);

    private final JdbcClient database;
    private final Transactions transactions;
    private final SubscriptionProperties properties;
    private final Clock clock;

    DeliveryQueue(JdbcClient database, Transactions transactions, SubscriptionProperties properties, Clock clock) {
        this.database = database;
        this.transactions = transactions;
        this.properties = properties;
        this.clock = clock;
    }

    /** The subscriptions that something is due for, and that are not left alone for a while. */
    List<Subscription> waiting() {
        return database.sql("select " + Subscription.COLUMNS + " from subscription s where s.state = 'active'"
                        + " and (s.retry_at is null or s.retry_at <= :now) and exists (select 1 from delivery d"
                        + " where d.subscription_id = s.id and d.state = 'pending' and d.due_at <= :now)")
                .param("now", now())
                .query(Subscription.ROW)
                .list();
    }

    /** Takes deliveries to a subscription, those first that are due longest. Each is one attempt from now on. */
    List<DueDelivery> take(Subscription subscription, int limit) {
        return transactions.write(() -> {
            List<UUID> ids = database.sql("select id from delivery where subscription_id = :subscription"
                            + " and state = 'pending' and due_at <= :now order by due_at limit :limit"
                            + " for update skip locked")
                    .param("subscription", subscription.id())
                    .param("now", now())
                    .param("limit", limit)
                    .query((row, _) -> row.getObject("id", UUID.class))
                    .list();
            if (ids.isEmpty()) {
                return List.of();
            }
            Instant now = clock.instant();
            Instant givenUp = now.plus(properties.timeout()).plus(GRACE);
            database.sql("update delivery set attempts = attempts + 1, tries = tries + 1,"
                            + " trying_since = coalesce(trying_since, :now), due_at = :due where id in (:ids)")
                    .param("now", now.atOffset(ZoneOffset.UTC))
                    .param("due", givenUp.atOffset(ZoneOffset.UTC))
                    .param("ids", ids)
                    .update();
            return database.sql("select d.id as delivery_id, d.attempts, d.tries, d.trying_since, " + Event.COLUMNS
                            + " from delivery d join event e on e.id = d.event_id where d.id in (:ids)"
                            + " order by e.position")
                    .param("ids", ids)
                    .query((row, number) -> new DueDelivery(
                            row.getObject("delivery_id", UUID.class),
                            row.getLong("attempts"),
                            row.getLong("tries"),
                            row.getObject("trying_since", OffsetDateTime.class).toInstant(),
                            subscription,
                            Objects.requireNonNull(Event.ROW.mapRow(row, number))))
                    .list();
        });
    }

    private OffsetDateTime now() {
        return clock.instant().atOffset(ZoneOffset.UTC);
    }
}
