package io.cowshed.event;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.UUID;
import org.springframework.jdbc.core.RowMapper;

/**
 * Something that was done.
 *
 * @param position its place among all events: whatever is committed later has a greater one
 * @param type the word of an {@link EventType}, or one that only a newer build knows, which shares the database
 * @param data what else there is to say, in JSON
 */
public record Event(long position, UUID id, String type, Subject subject, Actor actor, Instant time, String data) {

    /** What {@link #ROW} reads, of the table {@code event e}. */
    public static final String COLUMNS = "e.position as event_position, e.id as event_id, e.type as event_type,"
            + " e.subject_kind, e.subject_id, e.subject_name, e.principal, e.request_id, e.remote_address,"
            + " e.happened_at, e.data";

    public static final RowMapper<Event> ROW = (row, _) -> new Event(
            row.getLong("event_position"),
            row.getObject("event_id", UUID.class),
            row.getString("event_type"),
            new Subject(
                    row.getString("subject_kind"),
                    row.getObject("subject_id", UUID.class),
                    row.getString("subject_name")),
            new Actor(row.getString("principal"), row.getString("request_id"), row.getString("remote_address")),
            row.getObject("happened_at", OffsetDateTime.class).toInstant(),
            row.getString("data"));
}
