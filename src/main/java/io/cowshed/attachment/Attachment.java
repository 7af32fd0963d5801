package io.cowshed.attachment;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.RowMapper;

/**
 * A holder that has an image, or had it.
 *
 * @param image its id; the image may be gone once this is over
 * @param imageName its name when it was attached
 * @param holder who has it, by his own account
 * @param mount where he sees the volume; null for where this service sees it
 * @param lasting whether it has not been ended, whatever its time
 * @param ending how it ended; null while it lasts
 * @param ttl how long it lasts after each sign of life
 * @param heartbeatAt the last sign of life
 * @param expiresAt when its time is, or was, over
 * @param endReason why it was broken
 * @param drift what the file had become, in JSON; null for nothing new
 * @param outcome what became of the image; null until all is done that the end entails
 * @param dueAt when to look after it; null once nothing is left to be done
 * @param version grows with every change
 */
public record Attachment(
        UUID id,
        UUID image,
        String imageName,
        String holder,
        Access access,
        OnDetach onDetach,
        @Nullable String mount,
        boolean lasting,
        @Nullable AttachmentState ending,
        Duration ttl,
        Instant createdAt,
        String createdBy,
        Instant heartbeatAt,
        Instant expiresAt,
        @Nullable Instant endedAt,
        @Nullable String endedBy,
        @Nullable String endReason,
        @Nullable String drift,
        @Nullable Outcome outcome,
        @Nullable Instant dueAt,
        long version) {

    static final String COLUMNS =
            "id, image_id, image_name, holder, access, on_detach, mount, state, ttl_seconds, created_at, created_by,"
                    + " heartbeat_at, expires_at, ended_at, ended_by, end_reason, drift, outcome, due_at,"
                    + " version";

    static final RowMapper<Attachment> ROW = (row, _) -> of(row);

    /** As it is at that time. */
    public AttachmentState state(Instant now) {
        if (ending != null) {
            return ending;
        }
        return expiresAt.isAfter(now) ? AttachmentState.ACTIVE : AttachmentState.STALE;
    }

    /** Whether all is done that its end entails. */
    public boolean isSettled() {
        return outcome != null;
    }

    private static Attachment of(ResultSet row) throws SQLException {
        AttachmentState state = AttachmentState.valueOf(upper(row.getString("state")));
        String outcome = row.getString("outcome");
        return new Attachment(
                row.getObject("id", UUID.class),
                row.getObject("image_id", UUID.class),
                row.getString("image_name"),
                row.getString("holder"),
                Access.valueOf(upper(row.getString("access"))),
                OnDetach.valueOf(upper(row.getString("on_detach"))),
                row.getString("mount"),
                state == AttachmentState.ACTIVE,
                state == AttachmentState.ACTIVE ? null : state,
                Duration.ofSeconds(row.getLong("ttl_seconds")),
                instant(row, "created_at"),
                row.getString("created_by"),
                instant(row, "heartbeat_at"),
                instant(row, "expires_at"),
                instantOrNull(row, "ended_at"),
                row.getString("ended_by"),
                row.getString("end_reason"),
                row.getString("drift"),
                outcome == null ? null : Outcome.valueOf(upper(outcome)),
                instantOrNull(row, "due_at"),
                row.getLong("version"));
    }

    private static String upper(String word) {
        return word.toUpperCase(Locale.ROOT);
    }

    private static Instant instant(ResultSet row, String column) throws SQLException {
        return row.getObject(column, OffsetDateTime.class).toInstant();
    }

    private static @Nullable Instant instantOrNull(ResultSet row, String column) throws SQLException {
        OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }
}
