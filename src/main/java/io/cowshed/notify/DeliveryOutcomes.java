package io.cowshed.notify;

import io.cowshed.database.Transactions;
import io.cowshed.event.EventType;
import io.cowshed.event.Events;
import io.cowshed.event.Subject;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** Writes down what came of attempts, and what follows for the delivery and for its subscription. */
@Component
class DeliveryOutcomes {

    private static final Logger LOG = LoggerFactory.getLogger(DeliveryOutcomes.class);

    /**
     * At a time. While somebody has the row of a subscription locked, outcomes wait for it, each with a connection to the database:
     * those of all attempts would leave none to anybody else, those of one subscription leave some to the others.
     */
    private static final int AT_A_TIME = 8;

    private final JdbcClient database;
    private final Transactions transactions;
    private final SubscriptionProperties properties;
    private final RetrySchedule schedule;
    private final Events events;
    private final Clock clock;
    private final MeterRegistry meters;
    private final Semaphore turns = new Semaphore(AT_A_TIME, true);

    DeliveryOutcomes(
            JdbcClient database,
            Transactions transactions,
            SubscriptionProperties properties,
            RetrySchedule schedule,
            Events events,
            Clock clock,
            MeterRegistry meters) {
        this.database = database;
        this.transactions = transactions;
        this.properties = properties;
        this.schedule = schedule;
        this.events = events;
        this.clock = clock;
        this.meters = meters;
    }

    void record(DueDelivery delivery, Sent sent) {
        turns.acquireUninterruptibly();
        try {
            write(delivery, sent);
        } finally {
            turns.release();
        }
        measure(delivery, sent);
    }

    /** The row of the subscription is locked first, as whoever removes it does. */
    private void write(DueDelivery delivery, Sent sent) {
        transactions.write(() -> {
            Optional<Subscription> subscription = database.sql(
                            "select " + Subscription.COLUMNS + " from subscription where id = :id for update")
                    .param("id", delivery.subscription().id())
                    .query(Subscription.ROW)
                    .optional();
            subscription.ifPresent(now -> {
                if (sent.isSuccess()) {
                    succeeded(delivery, sent);
                } else {
                    failed(delivery, sent, now);
                }
            });
            return subscription;
        });
    }

    private void measure(DueDelivery delivery, Sent sent) {
        meters.timer("cowshed.delivery.attempt", "outcome", sent.isSuccess() ? "delivered" : "failed")
                .record(Duration.ofMillis(sent.millis()));
        if (sent.isSuccess()) {
            Duration since = Duration.between(delivery.event().time(), clock.instant());
            meters.timer("cowshed.delivery.lag").record(since.isNegative() ? Duration.ZERO : since);
        }
    }

    /** Also where somebody else has begun to send it again since: it is there. */
    private void succeeded(DueDelivery delivery, Sent sent) {
        update(delivery, sent, "state = 'delivered', due_at = null, ended_at = :now", null, "");
        database.sql("update subscription set failures = 0, failing_since = null, retry_at = null where id = :id"
                        + " and failures > 0")
                .param("id", delivery.subscription().id())
                .update();
    }

    private void failed(DueDelivery delivery, Sent sent, Subscription subscription) {
        Instant now = clock.instant();
        Optional<Instant> next =
                sent.isGone() ? Optional.empty() : schedule.next(delivery.tries(), delivery.since(), now);
        String change = next.isPresent() ? "due_at = :due" : "state = 'dead', due_at = null, ended_at = :now";
        int updated = update(delivery, sent, change, next.orElse(null), " and attempts = :attempt");
        if (updated == 0 || subscription.state() != SubscriptionState.ACTIVE) {
            return;
        }
        int failures = subscription.failures() + 1;
        Instant since = subscription.failingSince() == null ? now : subscription.failingSince();
        database.sql("update subscription set failures = :failures, failing_since = :since, retry_at = :retry"
                        + " where id = :id")
                .param("id", subscription.id())
                .param("failures", failures)
                .param("since", since.atOffset(ZoneOffset.UTC))
                .param("retry", now.plus(schedule.rest(failures)).atOffset(ZoneOffset.UTC))
                .update();
        if (sent.isGone()) {
            disable(subscription, "The receiver answered 410: it wants nothing more.");
        } else if (!since.plus(properties.disableAfter()).isAfter(now)) {
            disable(subscription, "Every attempt since " + since + " failed. The last: " + sent.error());
        }
    }

    private void disable(Subscription subscription, String reason) {
        String kept = reason.substring(0, Math.min(reason.length(), 500));
        database.sql("update subscription set state = 'disabled', disabled_reason = :reason, updated_at = :now,"
                        + " version = version + 1 where id = :id")
                .param("id", subscription.id())
                .param("reason", kept)
                .param("now", now())
                .update();
        String host = URI.create(subscription.url()).getHost();
        events.raise(
                EventType.SUBSCRIPTION_DISABLED,
                new Subject(
                        Subject.Kind.SUBSCRIPTION, subscription.id(), host.substring(0, Math.min(host.length(), 128))),
                Map.of("reason", kept));
        LOG.warn("Subscription {} is disabled. {}", subscription.id(), kept);
    }

    /** Nothing where another round of tries was asked for meanwhile: what is left of the one before does not end it. */
    private int update(DueDelivery delivery, Sent sent, String change, @Nullable Instant due, String condition) {
        UUID id = delivery.id();
        JdbcClient.StatementSpec statement = database.sql("update delivery set " + change
                        + ", last_at = :now, last_status = :status, last_millis = :millis, last_error = :error,"
                        + " last_answer = :answer where id = :id and state = 'pending' and tries > 0" + condition)
                .param("id", id)
                .param("now", now())
                .param("status", sent.status())
                .param("millis", sent.millis())
                .param("error", sent.error())
                .param("answer", sent.answer())
                .param("attempt", delivery.attempt());
        return (due == null ? statement : statement.param("due", due.atOffset(ZoneOffset.UTC))).update();
    }

    private OffsetDateTime now() {
        return clock.instant().atOffset(ZoneOffset.UTC);
    }
}
