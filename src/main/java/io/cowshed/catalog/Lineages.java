package io.cowshed.catalog;

import io.cowshed.problem.CowshedException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.RowMapper;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/** Follows the graph of images. Depth is always counted, never kept; {@link Catalog} keeps how many children each has. */
@Component
@Transactional(readOnly = true)
public class Lineages {

    /** How many descendants {@link #of} shows at most. */
    public static final int MAX_LIMIT = 1000;

    private static final int CHILDREN_NAMED = 10;

    /**
     * The chains of some images, from each (distance 0) up to its base. The parent is looked up in a subquery, because
     * PostgreSQL would join the whole table for what it takes for a long chain.
     */
    private static final String CHAINS = """
            with recursive chain (start, id, parent_id, distance) as (
                select id, id, parent_id, 0 from image where id in (:ids)
                union all
                select c.start, c.parent_id, (select p.parent_id from image p where p.id = c.parent_id), c.distance + 1
                from chain c where c.parent_id is not null)
            """;

    private final JdbcClient database;
    private final Images images;

    Lineages(JdbcClient database, Images images) {
        this.database = database;
        this.images = images;
    }

    /** The image, its parent, and so on up to the base: the files to open, the topmost first. Empty if there is none. */
    public List<UUID> chain(UUID id) {
        return database.sql(CHAINS + "select id from chain order by distance")
                .param("ids", List.of(id))
                .query(Images.ID)
                .list();
    }

    /** As {@link #chain}, with what they are called at one moment: an ancestor may be on its way out of it. */
    public List<ImageLink> links(UUID id) {
        return database.sql(CHAINS
                        + "select i.id, i.name, i.state from chain c join image i on i.id = c.id order by c.distance")
                .param("ids", List.of(id))
                .query(ImageLink.ROW)
                .list();
    }

    /**
     * Ancestors and descendants.
     *
     * @param limit how many descendants are shown, those closest to the image first; 0 to {@link #MAX_LIMIT}
     * @throws ImageNotFound if there is no such image
     * @throws CowshedException of type INVALID_REQUEST for another limit
     */
    public Lineage of(ImageRef ref, int limit) {
        if (limit < 0 || limit > MAX_LIMIT) {
            throw Text.refuse("limit cannot be " + limit + ".", "Use a limit from 0 to " + MAX_LIMIT + ".");
        }
        Image image = images.find(ref);
        List<Node> chain = database.sql(CHAINS
                        + "select i.id, i.name, i.state, i.sealed, i.parent_id from chain c join image i on i.id = c.id "
                        + "order by c.distance")
                .param("ids", List.of(image.id()))
                .query(Node.ROW)
                .list();
        if (chain.isEmpty()) {
            // Removed just now.
            throw new ImageNotFound(ref);
        }
        int depth = chain.size() - 1;
        List<Lineage.Ancestor> ancestors = new ArrayList<>(depth);
        for (int distance = 1; distance <= depth; distance++) {
            Node node = chain.get(distance);
            ancestors.add(new Lineage.Ancestor(node.link(), node.sealed(), depth - distance));
        }
        return new Lineage(ancestors, descendants(chain.getFirst(), depth, limit));
    }

    /** How many ancestors a clone of this image has. */
    int depthBelow(Image parent) {
        return parent.parentId() == null ? 1 : chain(parent.id()).size();
    }

    /** How many ancestors each has, in one query; ids of no image are left out. */
    Map<UUID, Integer> depths(Collection<UUID> ids) {
        return numbers(CHAINS + "select start, max(distance) as n from chain group by start", ids, Math::toIntExact);
    }

    /** How many direct clones each has, those in the trash too, in one query; ids of no image are left out. For views. */
    Map<UUID, Long> childrenCounts(Collection<UUID> ids) {
        return numbers("select id as start, child_count as n from image where id in (:ids)", ids, count -> count);
    }

    /** How many direct clones the image has, those in the trash too: counted from the rows. */
    public long childrenCount(UUID id) {
        return database.sql("select count(*) from image where parent_id = :id")
                .param("id", id)
                .query(Long.class)
                .single();
    }

    /** How many direct clones the image has that are not in the trash. */
    public long untrashedChildrenCount(UUID id) {
        return database.sql("select count(*) from image where parent_id = :id and state <> 'trashed'")
                .param("id", id)
                .query(Long.class)
                .single();
    }

    /** Whether the image has a direct clone, in the trash or not: asked of the rows, whatever the counter says. */
    boolean hasChildren(UUID id) {
        return database.sql("select exists (select 1 from image where parent_id = :id)")
                .param("id", id)
                .query(Boolean.class)
                .single();
    }

    /** Those of the images that have direct clones, as {@link #hasChildren} tells. */
    Set<UUID> parents(Collection<UUID> of) {
        return of.isEmpty()
                ? Set.of()
                : Set.copyOf(database.sql("select distinct parent_id as id from image where parent_id in (:ids)")
                        .param("ids", of)
                        .query(Images.ID)
                        .list());
    }

    /**
     * Counts clones that the caller's transaction adds to an image or takes from it. The image's version stays: nothing
     * that a caller may change has changed.
     *
     * @param change how many more there are; negative for fewer
     */
    @Transactional(propagation = Propagation.MANDATORY)
    void countChildren(UUID parent, int change) {
        database.sql("update image set child_count = child_count + :change where id = :parent")
                .param("change", change)
                .param("parent", parent)
                .update();
    }

    /** As above, of an image that still has the version that was seen; answers whether it has. */
    @Transactional(propagation = Propagation.MANDATORY)
    boolean countChildren(Image seen, int change) {
        return database.sql(
                                "update image set child_count = child_count + :change where id = :parent and version = :version")
                        .param("change", change)
                        .param("parent", seen.id())
                        .param("version", seen.version())
                        .update()
                > 0;
    }

    /** The direct clones of the image, those in the trash too, oldest first. */
    public List<UUID> children(UUID id) {
        return database.sql("select id from image where parent_id = :id order by created_at, id")
                .param("id", id)
                .query(Images.ID)
                .list();
    }

    /** The oldest direct clones of the image, those in the trash too. */
    List<ImageLink> someChildren(UUID id) {
        return database.sql(
                        "select id, name, state from image where parent_id = :id order by created_at, id limit :limit")
                .param("id", id)
                .param("limit", CHILDREN_NAMED)
                .query(ImageLink.ROW)
                .list();
    }

    private Lineage.Descendant descendants(Node root, int depth, int limit) {
        Map<UUID, List<Node>> children = new HashMap<>();
        List<UUID> shown = new ArrayList<>(List.of(root.link().id()));
        List<UUID> level = shown;
        while (!level.isEmpty() && shown.size() <= limit) {
            List<Node> next = children(level, limit + 1 - shown.size());
            next.forEach(node -> children.computeIfAbsent(node.parent(), _ -> new ArrayList<>())
                    .add(node));
            level = next.stream().map(node -> node.link().id()).toList();
            shown.addAll(level);
        }
        return tree(root, depth, children, childrenCounts(shown));
    }

    private List<Node> children(List<UUID> parents, int limit) {
        return database.sql("select id, name, state, sealed, parent_id from image where parent_id in (:parents) "
                        + "order by created_at, id limit :limit")
                .param("parents", parents)
                .param("limit", limit)
                .query(Node.ROW)
                .list();
    }

    /** Recursion ends with the chain, whose length {@link ChainLimit} bounds. */
    private static Lineage.Descendant tree(
            Node node, int depth, Map<UUID, List<Node>> children, Map<UUID, Long> counts) {
        UUID id = node.link().id();
        return new Lineage.Descendant(
                node.link(),
                node.sealed(),
                depth,
                counts.getOrDefault(id, 0L),
                children.getOrDefault(id, List.of()).stream()
                        .map(child -> tree(child, depth + 1, children, counts))
                        .toList());
    }

    private <N> Map<UUID, N> numbers(String sql, Collection<UUID> ids, LongFunction<N> number) {
        Map<UUID, N> numbers = new LinkedHashMap<>();
        if (!ids.isEmpty()) {
            database.sql(sql).param("ids", ids).query(row -> {
                numbers.put(row.getObject("start", UUID.class), number.apply(row.getLong("n")));
            });
        }
        return numbers;
    }

    private record Node(
            ImageLink link, boolean sealed, @Nullable UUID parent) {

        static final RowMapper<Node> ROW = (row, _) ->
                new Node(ImageLink.of(row), row.getBoolean("sealed"), row.getObject("parent_id", UUID.class));
    }
}
