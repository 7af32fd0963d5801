package io.cowshed.notify;

import io.cowshed.database.TimeOrderedIds;
import io.cowshed.database.Transactions;
import io.cowshed.event.Event;
import io.cowshed.event.EventSequence;
import java.time.Clock;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/**
 * Makes the deliveries of what has happened. How far it is, is a row: whoever locks it looks at the next events and writes
 * down, in one transaction, their deliveries and how far that is. So each event is looked at once, whatever crashes.
 */
@Component
class FanOut {

    private static final int AT_A_TIME = 200;

    private final JdbcClient database;
    private final JdbcTemplate batches;
    private final Transactions transactions;
    private final EventSequence sequence;
    private final TimeOrderedIds ids;
    private final JsonMapper json;
    private final Clock clock;

    FanOut(
            JdbcClient database,
            JdbcTemplate batches,
            Transactions transactions,
            EventSequence sequence,
            TimeOrderedIds ids,
            JsonMapper json,
            Clock clock) {
        this.database = database;
        this.batches = batches;
        this.transactions = transactions;
        this.sequence = sequence;
        this.ids = ids;
        this.json = json;
        this.clock = clock;
    }

    /** An event for a subscription. */
    private record Wanted(UUID subscription, UUID event) {}

    /** A subscription that is to be told again of what lies between two places. */
    private record Replay(Subscription subscription, long after, long until) {}

    /** Makes all that there is to make. To be called in no transaction. */
    void run() {
        sequence.advance();
        while (head("") < sequence.last() && transactions.write(this::next)) {}
        // A page of each: a long replay does not keep what is new from the others.
        for (UUID subscription : replaying()) {
            transactions.write(() -> replayPage(subscription));
        }
    }

    private boolean next() {
        List<Event> events = sequence.after(head(" for update"), AT_A_TIME);
        if (events.isEmpty()) {
            return false;
        }
        // After the events: a subscription that was made before one of them is seen. Locked: none is removed meanwhile.
        List<Subscription> subscriptions = database.sql("select " + Subscription.COLUMNS
                        + " from subscription where state <> 'disabled' order by id for update")
                .query(Subscription.ROW)
                .list();
        List<Wanted> wanted = new ArrayList<>();
        for (Event event : events) {
            for (Subscription subscription : subscriptions) {
                if (event.position() > subscription.after()
                        && subscription.filter().wants(event, subscription.id(), json)) {
                    wanted.add(new Wanted(subscription.id(), event.id()));
                }
            }
        }
        insert(wanted);
        database.sql("update event_head set position = :position where name = 'fan-out'")
                .param("position", events.getLast().position())
                .update();
        return true;
    }

    private boolean replayPage(UUID id) {
        // Nobody else makes deliveries meanwhile, of which there is one only for each event.
        long fannedOut = head(" for update");
        Replay replay = replay(id);
        if (replay == null) {
            return false;
        }
        List<Event> events = sequence.after(replay.after(), AT_A_TIME).stream()
                .filter(event -> event.position() <= Math.min(replay.until(), fannedOut))
                .toList();
        if (events.isEmpty()) {
            if (fannedOut >= replay.until()) {
                moveReplay(id, null);
            }
            return false;
        }
        List<UUID> wanted = events.stream()
                .filter(event -> replay.subscription().filter().wants(event, id, json))
                .map(Event::id)
                .toList();
        if (!wanted.isEmpty()) {
            sendAgain(id, wanted);
        }
        moveReplay(id, events.getLast().position());
        return true;
    }

    private void sendAgain(UUID subscription, List<UUID> wanted) {
        Set<UUID> known = new HashSet<>(
                database.sql("select event_id from delivery where subscription_id = :id and event_id in (:events)")
                        .param("id", subscription)
                        .param("events", wanted)
                        .query((row, _) -> row.getObject("event_id", UUID.class))
                        .list());
        database.sql("update delivery set state = 'pending', tries = 0, trying_since = null, due_at = :now,"
                        + " ended_at = null"
                        + " where subscription_id = :id and event_id in (:events) and state <> 'pending'")
                .param("id", subscription)
                .param("events", wanted)
                .param("now", now())
                .update();
        insert(wanted.stream()
                .filter(event -> !known.contains(event))
                .map(event -> new Wanted(subscription, event))
                .toList());
    }

    private void insert(List<Wanted> wanted) {
        OffsetDateTime now = now();
        batches.batchUpdate(
                "insert into delivery (id, subscription_id, event_id, state, attempts, tries, due_at, created_at)"
                        + " values (?, ?, ?, 'pending', 0, 0, ?, ?)",
                wanted,
                AT_A_TIME,
                (row, one) -> {
                    row.setObject(1, ids.next());
                    row.setObject(2, one.subscription());
                    row.setObject(3, one.event());
                    row.setObject(4, now);
                    row.setObject(5, now);
                });
    }

    private long head(String locking) {
        return database.sql("select position from event_head where name = 'fan-out'" + locking)
                .query(Long.class)
                .single();
    }

    private List<UUID> replaying() {
        return database.sql("select id from subscription where replay_after is not null order by id")
                .query((row, _) -> row.getObject("id", UUID.class))
                .list();
    }

    private @Nullable Replay replay(UUID id) {
        return database.sql("select " + Subscription.COLUMNS + ", replay_until from subscription where id = :id"
                        + " and replay_after is not null for update")
                .param("id", id)
                .query((row, number) -> new Replay(
                        Objects.requireNonNull(Subscription.ROW.mapRow(row, number)),
                        row.getLong("replay_after"),
                        row.getLong("replay_until")))
                .optional()
                .orElse(null);
    }

    private void moveReplay(UUID id, @Nullable Long after) {
        database.sql("update subscription set replay_after = :after" + (after == null ? ", replay_until = null" : "")
                        + " where id = :id")
                .param("id", id)
                .param("after", after)
                .update();
    }

    private OffsetDateTime now() {
        return clock.instant().atOffset(ZoneOffset.UTC);
    }
}
