package io.cowshed.notify;

import io.cowshed.metrics.Census;
import io.cowshed.metrics.Count;
import io.cowshed.metrics.Source;
import io.micrometer.core.instrument.Tags;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** How far the telling is behind what happens. */
@Component
class DeliveryCensus implements Census {

    private static final int PATIENCE_SECONDS = 10;

    private final JdbcClient database;
    private final Clock clock;

    DeliveryCensus(JdbcClient database, Clock clock) {
        this.database = database;
        this.clock = clock;
    }

    @Override
    public Source source() {
        return Source.DATABASE;
    }

    @Override
    @Transactional(readOnly = true, timeout = PATIENCE_SECONDS)
    public List<Count> take() {
        List<Count> counts = new ArrayList<>(subscriptions());
        counts.addAll(deliveries());
        counts.add(Count.of(
                "cowshed.events.waiting",
                "Events for which no deliveries were made yet, in the log or waiting for their place in it",
                Tags.empty(),
                database.sql("select (select count(*) from event_inbox)"
                                + " + (select position from event_head where name = 'log')"
                                + " - (select position from event_head where name = 'fan-out')")
                        .query(Long.class)
                        .single()));
        return counts;
    }

    private List<Count> subscriptions() {
        return database.sql("select count(case when state = 'active' and failures = 0 then 1 end) as active,"
                        + " count(case when state = 'active' and failures > 0 then 1 end) as failing,"
                        + " count(case when state = 'paused' then 1 end) as paused,"
                        + " count(case when state = 'disabled' then 1 end) as disabled,"
                        + " min(case when state = 'active' then failing_since end) as failing_since from subscription")
                .query((row, _) -> List.of(
                        subscription("active", row),
                        subscription("failing", row),
                        subscription("paused", row),
                        subscription("disabled", row),
                        Count.seconds(
                                "cowshed.subscriptions.failing",
                                "For how long the receiver has failed that fails longest",
                                Tags.empty(),
                                age(row, "failing_since"))))
                .single();
    }

    private static Count subscription(String state, ResultSet row) throws SQLException {
        return Count.of("cowshed.subscriptions", "Subscriptions by state", Tags.of("state", state), row.getLong(state));
    }

    /** What waits for a receiver that fails is late because of him, not of us. */
    private List<Count> deliveries() {
        return database.sql("select count(*) as pending,"
                        + " min(case when s.state = 'active' and s.failures = 0 then d.due_at end) as due_at"
                        + " from subscription s join delivery d on d.subscription_id = s.id and d.state = 'pending'")
                .query((row, _) -> List.of(
                        Count.of(
                                "cowshed.deliveries.pending",
                                "Deliveries to subscriptions that are still to be made",
                                Tags.empty(),
                                row.getLong("pending")),
                        Count.seconds(
                                "cowshed.deliveries.overdue",
                                "For how long the delivery has been due that has been longest, to receivers that answer",
                                Tags.empty(),
                                age(row, "due_at"))))
                .single();
    }

    private double age(ResultSet row, String column) throws SQLException {
        OffsetDateTime since = row.getObject(column, OffsetDateTime.class);
        return since == null
                ? 0
                : Math.max(
                        0, Duration.between(since.toInstant(), clock.instant()).toMillis() / 1e3);
    }
}
