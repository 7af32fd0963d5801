package io.cowshed.notify;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.RowMapper;

/**
 * An event on its way to a subscription, or there.
 *
 * @param type of the event, which only a newer build may know
 * @param attempts how often it was begun to be sent
 * @param dueAt when it is sent next, if it is pending
 * @param endedAt when it was delivered or given up; null while pending
 * @param last what came of the last attempt that is known of; null before the first
 */
public record Delivery(
        UUID id,
        UUID event,
        String type,
        DeliveryState state,
        long attempts,
        Instant createdAt,
        @Nullable Instant dueAt,
        @Nullable Instant endedAt,
        @Nullable Attempt last) {

    /**
     * What came of an attempt.
     *
     * @param at when it ended
     * @param status that the receiver answered with; null where it did not answer
     * @param millis how long it took
     * @param error why there was no success, in words; null if there was
     * @param answer how what the receiver said begins
     */
    public record Attempt(
            Instant at,
            @Nullable Integer status,
            long millis,
            @Nullable String error,
            @Nullable String answer) {}

    /** From {@code delivery d join event e}. */
    static final String COLUMNS = "d.id, d.event_id, e.type, d.state, d.attempts, d.created_at, d.due_at, d.ended_at,"
            + " d.last_at, d.last_status, d.last_millis, d.last_error, d.last_answer";

    static final RowMapper<Delivery> ROW = (row, _) -> {
        Instant lastAt = Subscription.instant(row, "last_at");
        return new Delivery(
                row.getObject("id", UUID.class),
                row.getObject("event_id", UUID.class),
                row.getString("type"),
                DeliveryState.of(row.getString("state")),
                row.getLong("attempts"),
                row.getObject("created_at", OffsetDateTime.class).toInstant(),
                Subscription.instant(row, "due_at"),
                Subscription.instant(row, "ended_at"),
                lastAt == null
                        ? null
                        : new Attempt(
                                lastAt,
                                row.getObject("last_status", Integer.class),
                                row.getLong("last_millis"),
                                row.getString("last_error"),
                                row.getString("last_answer")));
    };
}
