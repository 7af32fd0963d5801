package io.cowshed.operation;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.RowMapper;

/**
 * An operation as it was when it was read.
 *
 * @param kind the verb
 * @param subject the image that it is about, which need not exist any more; null for the volume as a whole
 * @param subjectName the image's name when the operation was asked for
 * @param request what was asked for, in the JSON of its handler
 * @param cancelRequested whether somebody has asked to give it up
 * @param attempt how many attempts have begun
 * @param turned whether one of them came to the point where it cannot be undone
 * @param mark the word that an attempt left for later ones; null for none
 * @param doneBytes of {@code totalBytes}
 * @param totalBytes how much there is to do; null until that is known
 * @param bytesPerSecond lately; null unless running
 * @param result in JSON; null unless succeeded
 * @param problem in JSON (RFC 9457); null unless failed
 * @param version grows with everything that changes here
 */
public record Operation(
        UUID id,
        String kind,
        @Nullable UUID subject,
        String subjectName,
        String request,
        OperationState state,
        boolean cancelRequested,
        long attempt,
        boolean turned,
        @Nullable String mark,
        long doneBytes,
        @Nullable Long totalBytes,
        @Nullable Long bytesPerSecond,
        @Nullable String result,
        @Nullable String problem,
        Instant createdAt,
        String createdBy,
        @Nullable Instant startedAt,
        @Nullable Instant finishedAt,
        long version) {

    static final String COLUMNS =
            "id, kind, subject_id, subject_name, request, state, cancel_requested, attempt, turned, mark, done_bytes,"
                    + " total_bytes, bytes_per_second, result, problem, created_at, created_by, started_at, finished_at, version";

    static final RowMapper<Operation> ROW = (row, _) -> new Operation(
            row.getObject("id", UUID.class),
            row.getString("kind"),
            row.getObject("subject_id", UUID.class),
            row.getString("subject_name"),
            row.getString("request"),
            OperationState.parse(row.getString("state")),
            row.getBoolean("cancel_requested"),
            row.getLong("attempt"),
            row.getBoolean("turned"),
            row.getString("mark"),
            row.getLong("done_bytes"),
            row.getObject("total_bytes", Long.class),
            row.getObject("bytes_per_second", Long.class),
            row.getString("result"),
            row.getString("problem"),
            instant(row, "created_at").orElseThrow(),
            row.getString("created_by"),
            instant(row, "started_at").orElse(null),
            instant(row, "finished_at").orElse(null),
            row.getLong("version"));

    /** How much longer it takes at the present speed; null where that cannot be told. */
    public @Nullable Duration remaining() {
        return totalBytes == null || bytesPerSecond == null || bytesPerSecond == 0
                ? null
                : Duration.ofSeconds(Math.ceilDiv(Math.max(0, totalBytes - doneBytes), bytesPerSecond));
    }

    private static Optional<Instant> instant(ResultSet row, String column) throws SQLException {
        return Optional.ofNullable(row.getObject(column, OffsetDateTime.class)).map(OffsetDateTime::toInstant);
    }
}
