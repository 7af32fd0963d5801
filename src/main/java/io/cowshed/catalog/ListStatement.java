package io.cowshed.catalog;

import io.cowshed.problem.CowshedException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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
        if (query.states().size() < ImageState.values().length) {
            conditions.add("i.state in (:states)");
            parameters.put(
                    "states", query.states().stream().map(ImageState::word).toList());
        }
        equal("sealed", query.sealed());
        equal("lifetime", query.lifetime() == null ? null : query.lifetime().word());
        equal("parent_id", query.parent());
        if (query.text() != null) {
            conditions.add("(lower(i.name) like :text escape '!' or lower(i.description) like :text escape '!')");
            parameters.put("text", "%" + escaped(query.text().toLowerCase(Locale.ROOT)) + "%");
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
        String ids = "select l.image_id from image_label l where l.label_key = " + key;
        conditions.add(
                switch (requirement) {
                    case LabelSelector.Present _ -> "i.id in (" + ids + ")";
                    case LabelSelector.Absent _ -> "i.id not in (" + ids + ")";
                    case LabelSelector.Equal equal ->
                        "i.id in (" + ids + " and l.label_value = " + bind(equal.value()) + ")";
                    case LabelSelector.NotEqual unequal ->
                        "i.id not in (" + ids + " and l.label_value = " + bind(unequal.value()) + ")";
                });
    }

    /** The first of the two conditions says nothing new, but lets both databases use the index. */
    private void seek(Cursor cursor) {
        String than = sort.descending() ? " < " : " > ";
        String key = "i." + column();
        conditions.add(key + than.stripTrailing() + "= :cursor_key and (" + key + than + ":cursor_key or i.id" + than
                + ":cursor_id)");
        parameters.put("cursor_key", value(cursor.key()));
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
            case CREATED_AT -> Instant.parse(key).atOffset(ZoneOffset.UTC);
            case NAME -> key;
            case VIRTUAL_SIZE -> Long.parseLong(key);
        };
    }

    private static String escaped(String text) {
        return text.replace("!", "!!").replace("%", "!%").replace("_", "!_");
    }
}
