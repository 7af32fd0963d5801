package io.cowshed.event;

import io.cowshed.database.TimeOrderedIds;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Clock;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;
import tools.jackson.databind.json.JsonMapper;

/** Takes events down, in the transaction that does what they tell of: both come to be, or neither. */
@Component
@Transactional(propagation = Propagation.MANDATORY)
public class Events {

    /** Of one event, in UTF-16 units: all labels that an image may have, and what else is said of it, have room. */
    static final int LONGEST_DATA = 20_000;

    private static final String TOO_MUCH = "{\"omitted\":true}";

    private final JdbcTemplate database;
    private final TimeOrderedIds ids;
    private final JsonMapper json;
    private final Clock clock;

    Events(JdbcTemplate database, TimeOrderedIds ids, JsonMapper json, Clock clock) {
        this.database = database;
        this.ids = ids;
        this.json = json;
        this.clock = clock;
    }

    /** As {@link #raise(List)}, for one. */
    public void raise(EventType type, Subject subject, Map<String, ?> data) {
        raise(List.of(new NewEvent(type, subject, data)));
    }

    /** Takes down what the caller's transaction does. Whoever does many things says so once, for all of them. */
    public void raise(List<NewEvent> events) {
        Actor actor = Actor.current();
        OffsetDateTime now = clock.instant().atOffset(ZoneOffset.UTC);
        database.batchUpdate(
                "insert into event_inbox (id, type, subject_kind, subject_id, subject_name, principal, request_id,"
                        + " remote_address, happened_at, data) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                events,
                events.size(),
                (row, event) -> set(row, event, actor, now));
    }

    private void set(PreparedStatement row, NewEvent event, Actor actor, OffsetDateTime now) throws SQLException {
        String data = json.writeValueAsString(event.data());
        row.setObject(1, ids.next());
        row.setString(2, event.type().word());
        row.setString(3, event.subject().kind());
        row.setObject(4, event.subject().id());
        row.setString(5, event.subject().name());
        row.setString(6, actor.principal());
        row.setString(7, actor.requestId());
        row.setString(8, actor.remoteAddress());
        row.setObject(9, now);
        row.setString(10, data.length() > LONGEST_DATA ? TOO_MUCH : data);
    }
}
