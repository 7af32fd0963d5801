package io.cowshed.catalog;

import io.cowshed.http.Rfc3339;
import io.cowshed.problem.CowshedException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.RowMapper;

/**
 * The SQL of a list: the ids of a page and one more, each with the value it is sorted by. It seeks to the cursor in the
 * index of the sort key, and never skips rows.
 */
final class ListStatement {

    private final ImageSort sort;
    private final List<String> conditions = new ArrayList<>();
    private final Map<String, Object> parameters = new LinkedHashMap<>();
    private final int limit;

    private ListStatement(ImageQuery query) {
        this.sort = query.sort();
        this.limit = query.limit() + 1;
    }

    /** @throws CowshedException of type INVALID_REQUEST if the cursor is not one that this query was answered with */
    static ListStatement of(ImageQuery query) {
        ListStatement statement = new ListStatement(query);
        statement.filter(query);
        query.labels().requirements().forEach(statement::require);
        if (query.cursor() != null) {
            statement.seek(Cursor.parse(query, query.cursor()));
        }
        return statement;
    }

    String sql() {
        String order = sort.descending() ? " desc" : "";
        return "select i.id, i." + column() + " as sort_key from image i"
                + (conditions.isEmpty() ? "" : " where " + String.join(" and ", conditions))
                + " order by i." + column() + order + ", i.id" + order + " limit " + limit;
    }

    Map<String, Object> parameters() {
        return parameters;
    }

    RowMapper<Cursor> row() {
        return (row, _) -> new Cursor(keyOf(row), row.getObject("id", UUID.class));
    }

    private void filter(ImageQuery query) {
        filterStates(query.states());
        equal("sealed", query.sealed());
        equal("lifetime", query.lifetime() == null ? null : query.lifetime().word());
        equal("parent_id", query.parent());
        if (query.family() != null) {
            conditions.add("i.id in (select v.image_id from family_version v where v.family_id = :family)");
            parameters.put("family", query.family());
        }
        if (query.attached() != null) {
            // Nearly all images are not attached: for those the index must not be taken, which would not give the
            // order.
            conditions.add(query.attached() ? "i.attachment_count > 0" : "coalesce(i.attachment_count, 0) = 0");
        }
        if (query.expiring() != null) {
            conditions.add("i.expiry_warned_at is " + (query.expiring() ? "not null" : "null"));
        }
        if (query.text() != null) {
            conditions.add("position(:text in i.search_text) > 0");
            parameters.put("text", Text.lowered(query.text()));
        }
    }

    /** Nearly all images are available: an index on the state would only keep H2 from the one that gives the order. */
    private void filterStates(Set<ImageState> states) {
        boolean bulk = states.contains(ImageState.AVAILABLE);
        List<String> words = Arrays.stream(ImageState.values())
                .filter(state -> states.contains(state) != bulk)
                .map(ImageState::word)
                .toList();
        if (!words.isEmpty()) {
            conditions.add("i.state " + (bulk ? "not in" : "in") + " (:states)");
            parameters.put("states", words);
        }
    }

    private void equal(String column, @Nullable Object value) {
        if (value != null) {
            conditions.add("i." + column + " = :" + column);
            parameters.put(column, value);
        }
    }

    private void require(LabelSelector.Requirement requirement) {
        String key = bind(requirement.key());
        String having = "select l.image_id from image_label l where l.label_key = " + key;
        conditions.add(
                switch (requirement) {
                    case LabelSelector.Present _ -> "i.id in (" + having + ")";
                    case LabelSelector.Absent _ -> "not exists (" + having + " and l.image_id = i.id)";
                    case LabelSelector.Equal equal ->
                        "i.id in (" + having + " and l.label_value = " + bind(equal.value()) + ")";
                    case LabelSelector.NotEqual unequal ->
                        "not exists (" + having + " and l.image_id = i.id and l.label_value = " + bind(unequal.value())
                                + ")";
                });
    }

    /** The first of the two conditions says nothing new, but lets both databases use the index. */
    private void seek(Cursor cursor) {
        String than = sort.descending() ? " < " : " > ";
        String key = "i." + column();
        conditions.add(key + than.stripTrailing() + "= :cursor_key and (" + key + than + ":cursor_key or i.id" + than
                + ":cursor_id)");
        try {
            parameters.put("cursor_key", value(cursor.key()));
        } catch (CowshedException | DateTimeException | NumberFormatException e) {
            throw Cursor.invalid();
        }
        parameters.put("cursor_id", cursor.id());
    }

    private String bind(String value) {
        String name = "label" + parameters.size();
        parameters.put(name, value);
        return ":" + name;
    }

    private String column() {
        return switch (sort.key()) {
            case CREATED_AT -> "created_at";
            case NAME -> "name";
            case VIRTUAL_SIZE -> "virtual_size";
        };
    }

    private String keyOf(ResultSet row) throws SQLException {
        return switch (sort.key()) {
            case CREATED_AT ->
                row.getObject("sort_key", OffsetDateTime.class).toInstant().toString();
            case NAME -> row.getString("sort_key");
            case VIRTUAL_SIZE -> Long.toString(row.getLong("sort_key"));
        };
    }

    private Object value(String key) {
        return switch (sort.key()) {
            case CREATED_AT -> Rfc3339.parse(key).atOffset(ZoneOffset.UTC);
            case NAME -> new ImageName(key).value();
            case VIRTUAL_SIZE -> Long.parseLong(key);
        };
    }
}
