package io.cowshed.catalog;

import io.cowshed.http.Rfc3339;
import io.cowshed.problem.CowshedException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.RowMapper;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/**
 * All that descends from an image, in the trash or not. Only images that have clones are gone through, which are few; each of
 * them knows how many it has, and has them in an index.
 */
@Component
@Transactional(readOnly = true)
public class Descent {

    /** How many ids stand in one query. */
    private static final int AT_A_TIME = 1000;

    private static final Comparator<Child> BY_PARENT_AND_AGE = Comparator.comparing(Child::order)
            .thenComparing(Child::createdAt)
            .thenComparing(child -> child.id().toString());

    private final JdbcClient database;
    private final ImageListing listing;

    Descent(JdbcClient database, ImageListing listing) {
        this.database = database;
        this.listing = listing;
    }

    /** How many images descend from each of these. */
    public Map<UUID, Long> counts(Collection<UUID> roots) {
        Map<UUID, Parent> parents = parents(roots);
        Map<UUID, Long> counts = new HashMap<>();
        roots.forEach(root -> counts.put(root, 0L));
        for (Parent parent : parents.values()) {
            for (Parent above = parent;
                    above != null;
                    above = above.above() == null ? null : parents.get(above.above())) {
                counts.computeIfPresent(above.id(), (_, count) -> count + parent.children());
            }
        }
        return counts;
    }

    /**
     * A page of the images that descend from one, those of the same parent together, and oldest first.
     *
     * @param cursor from the page before this
     * @param limit of the page, 1 to 1000
     * @throws CowshedException of type INVALID_REQUEST if the cursor is none
     */
    public ImagePage page(UUID root, @Nullable String cursor, int limit) {
        Child after = cursor == null ? null : parse(cursor);
        List<Parent> parents = parents(List.of(root)).values().stream()
                .filter(parent -> parent.children() > 0)
                .filter(parent -> after == null || parent.order().compareTo(after.order()) >= 0)
                .sorted(Comparator.comparing(Parent::order))
                .toList();
        List<Child> found = new ArrayList<>();
        int next = 0;
        while (next < parents.size() && found.size() <= limit) {
            int room = limit + 1 - found.size();
            Parent parent = parents.get(next);
            if (after != null && parent.id().equals(after.parent())) {
                found.addAll(children(parent, after, room));
                next++;
            } else if (parent.children() > room) {
                found.addAll(children(parent, null, room));
                next++;
            } else {
                int first = next;
                for (long sum = 0; next < parents.size() && next - first < AT_A_TIME; next++) {
                    sum += parents.get(next).children();
                    if (sum > room) {
                        break;
                    }
                }
                found.addAll(children(parents.subList(first, next)));
            }
        }
        boolean more = found.size() > limit;
        List<Child> page = more ? found.subList(0, limit) : found;
        return new ImagePage(
                listing.entries(page.stream().map(Child::id).toList()), more ? word(page.getLast()) : null);
    }

    /** The images themselves, and all that descend from them and have clones, level by level. */
    private Map<UUID, Parent> parents(Collection<UUID> roots) {
        Map<UUID, Parent> found = new HashMap<>();
        List<UUID> level = add(found, "id in (:ids)", List.copyOf(roots));
        while (!level.isEmpty()) {
            level = add(found, "parent_id in (:ids) and child_count > 0", level);
        }
        return found;
    }

    /** @return those that are new */
    private List<UUID> add(Map<UUID, Parent> found, String condition, List<UUID> ids) {
        List<UUID> added = new ArrayList<>();
        for (int i = 0; i < ids.size(); i += AT_A_TIME) {
            database.sql("select id, parent_id, child_count from image where " + condition)
                    .param("ids", ids.subList(i, Math.min(ids.size(), i + AT_A_TIME)))
                    .query(Parent.ROW)
                    .list()
                    .forEach(parent -> {
                        if (found.putIfAbsent(parent.id(), parent) == null) {
                            added.add(parent.id());
                        }
                    });
        }
        return added;
    }

    /** All of them have the same parent, but only sorted by that, too, H2 takes them off the index one by one. */
    private List<Child> children(Parent parent, @Nullable Child after, int limit) {
        String seek = after == null ? "" : " and created_at >= :at and (created_at > :at or id > :id)";
        JdbcClient.StatementSpec query = database.sql("select id, parent_id, created_at from image"
                        + " where parent_id = :parent" + seek + " order by parent_id, created_at, id limit " + limit)
                .param("parent", parent.id());
        if (after != null) {
            query = query.param("at", after.createdAt().atOffset(ZoneOffset.UTC))
                    .param("id", after.id());
        }
        return query.query(Child.ROW).list();
    }

    private List<Child> children(List<Parent> parents) {
        return database
                .sql("select id, parent_id, created_at from image where parent_id in (:parents)")
                .param("parents", parents.stream().map(Parent::id).toList())
                .query(Child.ROW)
                .stream()
                .sorted(BY_PARENT_AND_AGE)
                .toList();
    }

    private static String word(Child last) {
        String text = last.parent() + "/" + last.id() + "/" + last.createdAt();
        return Base64.getUrlEncoder().withoutPadding().encodeToString(text.getBytes(StandardCharsets.US_ASCII));
    }

    private static Child parse(String word) {
        try {
            String[] parts = new String(Base64.getUrlDecoder().decode(word), StandardCharsets.US_ASCII).split("/", 4);
            if (parts.length == 3) {
                return new Child(UUID.fromString(parts[1]), UUID.fromString(parts[0]), Rfc3339.parse(parts[2]));
            }
        } catch (IllegalArgumentException | DateTimeException e) {
            throw Cursor.invalid();
        }
        throw Cursor.invalid();
    }

    /**
     * An image that has clones, or from which the search began.
     *
     * @param above its own parent; null for none
     * @param children how many direct clones it has
     */
    private record Parent(UUID id, @Nullable UUID above, long children) {

        static final RowMapper<Parent> ROW = (row, _) -> new Parent(
                row.getObject("id", UUID.class), row.getObject("parent_id", UUID.class), row.getLong("child_count"));

        String order() {
            return id.toString();
        }
    }

    private record Child(UUID id, UUID parent, Instant createdAt) {

        static final RowMapper<Child> ROW = (row, _) -> new Child(
                row.getObject("id", UUID.class),
                row.getObject("parent_id", UUID.class),
                row.getObject("created_at", OffsetDateTime.class).toInstant());

        String order() {
            return parent.toString();
        }
    }
}
