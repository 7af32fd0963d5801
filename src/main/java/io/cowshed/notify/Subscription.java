package io.cowshed.notify;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.RowMapper;

/**
 * Somebody who wants to be told.
 *
 * @param disabledReason null unless disabled
 * @param previousSecret still valid until {@code previousUntil}; null for none
 * @param failures how many tries have failed since the last that did not
 * @param failingSince when the first of them did; null for none
 * @param after the place of the last event that it is not told of, unless by a replay
 * @param replaying whether events are being gone through again
 * @param version grows with everything that its owner may change, and when it is disabled
 */
public record Subscription(
        UUID id,
        String url,
        String description,
        EventFilter filter,
        SubscriptionState state,
        @Nullable String disabledReason,
        WebhookSecret secret,
        @Nullable WebhookSecret previousSecret,
        @Nullable Instant previousUntil,
        int failures,
        @Nullable Instant failingSince,
        long after,
        boolean replaying,
        Instant createdAt,
        String createdBy,
        Instant updatedAt,
        long version) {

    static final String COLUMNS = "id, url, description, types, subject_id, labels, state, disabled_reason, secret,"
            + " previous_secret, previous_until, failures, failing_since, after_position, replay_after, created_at, created_by,"
            + " updated_at, version";

    static final RowMapper<Subscription> ROW = (row, _) -> {
        String types = row.getString("types");
        String previous = row.getString("previous_secret");
        return new Subscription(
                row.getObject("id", UUID.class),
                row.getString("url"),
                row.getString("description"),
                new EventFilter(
                        types.isEmpty() ? List.of() : List.of(types.split(",", -1)),
                        row.getObject("subject_id", UUID.class),
                        row.getString("labels")),
                SubscriptionState.of(row.getString("state")),
                row.getString("disabled_reason"),
                new WebhookSecret(row.getString("secret")),
                previous == null ? null : new WebhookSecret(previous),
                instant(row, "previous_until"),
                row.getInt("failures"),
                instant(row, "failing_since"),
                row.getLong("after_position"),
                row.getObject("replay_after", Long.class) != null,
                row.getObject("created_at", OffsetDateTime.class).toInstant(),
                row.getString("created_by"),
                row.getObject("updated_at", OffsetDateTime.class).toInstant(),
                row.getLong("version"));
    };

    /** The newest first. */
    List<WebhookSecret> secretsAt(Instant now) {
        List<WebhookSecret> secrets = new ArrayList<>(List.of(secret));
        if (previousSecret != null && previousUntil != null && now.isBefore(previousUntil)) {
            secrets.add(previousSecret);
        }
        return secrets;
    }

    static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
        OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }
}
