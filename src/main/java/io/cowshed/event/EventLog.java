package io.cowshed.event;

import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** Shows events. */
@Component
@Transactional(readOnly = true)
public class EventLog {

    private final JdbcClient database;

    EventLog(JdbcClient database) {
        this.database = database;
    }

    /** A page of events that have their place, and one more where there are more. */
    public List<Event> list(EventQuery query) {
        List<String> conditions = new ArrayList<>(List.of("1 = 1"));
        Map<String, Object> parameters = new LinkedHashMap<>();
        if (!query.types().isEmpty()) {
            conditions.add("e.type in (:types)");
            parameters.put("types", query.types().stream().map(EventType::word).toList());
        }
        if (query.subject() != null) {
            conditions.add("e.subject_id = :subject");
            parameters.put("subject", query.subject());
        }
        if (query.principal() != null) {
            conditions.add("e.principal = :principal");
            parameters.put("principal", query.principal());
        }
        if (query.since() != null) {
            conditions.add("e.happened_at >= :since");
            parameters.put("since", query.since().atOffset(ZoneOffset.UTC));
        }
        if (query.until() != null) {
            conditions.add("e.happened_at < :until");
            parameters.put("until", query.until().atOffset(ZoneOffset.UTC));
        }
        if (query.before() != null) {
            conditions.add("e.position < :before");
            parameters.put("before", query.before());
        }
        return database.sql("select " + Event.COLUMNS + " from event e where " + String.join(" and ", conditions)
                        + " order by e.position desc limit " + (query.limit() + 1))
                .params(parameters)
                .query(Event.ROW)
                .list();
    }

    /** The first place of an event that happened at that time or later; empty where there is none. */
    public OptionalLong firstSince(Instant time) {
        return database.sql("select position from event where happened_at >= :time order by position limit 1")
                .param("time", time.atOffset(ZoneOffset.UTC))
                .query(Long.class)
                .optional()
                .map(OptionalLong::of)
                .orElse(OptionalLong.empty());
    }
}
