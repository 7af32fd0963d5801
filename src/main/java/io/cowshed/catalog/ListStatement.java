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

    /** So many that a hundred of them are likely to match common labels, so few that they are looked through in no time. */
    private static final int NEAREST = 10_000;

    private final ImageSort sort;
    private final String images;
    private final List<String> conditions = new ArrayList<>();
    private final Map<String, Object> parameters = new LinkedHashMap<>();
    private final int limit;

    private ListStatement(ImageQuery query, boolean nearest) {
        this.sort = query.sort();
        this.limit = query.limit() + 1;
        Cursor cursor = query.cursor() == null ? null : Cursor.parse(query, query.cursor());
        if (cursor != null) {
            bind(cursor);
        }
        if (nearest) {
            String where = cursor == null ? "" : " where " + seek("n");
            this.images = "(select n.* from image n" + where + order("n") + " limit " + NEAREST + ")";
        } else {
            this.images = "image";
            if (cursor != null) {
                conditions.add(seek("i"));
            }
        }
        filter(query);
        query.labels().requirements().forEach(this::require);
    }

    /** @throws CowshedException of type INVALID_REQUEST if the cursor is not one that this query was answered with */
    static ListStatement of(ImageQuery query) {
        return new ListStatement(query, false);
    }

    /**
     * Looks only among the next {@value #NEAREST} images, whatever they are. Where the labels that are asked for are
     * common, a page of images that have them is found there, and the database need not look at all that have one of them.
     * Fewer than asked for say nothing about the rest.
     *
     * @throws CowshedException of type INVALID_REQUEST if the cursor is not one that this query was answered with
     */
    static ListStatement amongNearest(ImageQuery query) {
        return new ListStatement(query, true);
    }

    String sql() {
        return "select i.id, i." + column() + " as sort_key from " + images + " i"
                + (conditions.isEmpty() ? "" : " where " + String.join(" and ", conditions))
                + order("i") + " limit " + limit;
    }

    private String order(String table) {
        String direction = sort.descending() ? " desc" : "";
        return " order by " + table + "." + column() + direction + ", " + table + ".id" + direction;
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
    private String seek(String table) {
        String than = sort.descending() ? " < " : " > ";
        String key = table + "." + column();
        return key + than.stripTrailing() + "= :cursor_key and (" + key + than + ":cursor_key or " + table + ".id"
                + than + ":cursor_id)";
    }

    private void bind(Cursor cursor) {
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
