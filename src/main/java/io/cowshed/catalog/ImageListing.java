package io.cowshed.catalog;

import io.cowshed.operation.Claims;
import io.cowshed.problem.CowshedException;
import jakarta.persistence.EntityManager;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** Shows images with their place in the graph, in as many queries for a thousand as for one. */
@Component
@Transactional(readOnly = true)
public class ImageListing {

    /** So many times as many images as a page shows have a label that is common. */
    private static final int COMMON = 10;

    private final Images images;
    private final Lineages lineages;
    private final Claims claims;
    private final FamilyVersions versions;
    private final Seeds seeds;
    private final EntityManager entities;
    private final JdbcClient database;

    ImageListing(
            Images images,
            Lineages lineages,
            Claims claims,
            FamilyVersions versions,
            Seeds seeds,
            EntityManager entities,
            JdbcClient database) {
        this.images = images;
        this.lineages = lineages;
        this.claims = claims;
        this.versions = versions;
        this.seeds = seeds;
        this.entities = entities;
        this.database = database;
    }

    /**
     * One image.
     *
     * @throws ImageNotFound if there is none
     */
    public ImageEntry entry(ImageRef ref) {
        return entries(List.of(images.find(ref).id())).getFirst();
    }

    /** The images of these ids, in the order of the ids; ids of no image are left out. */
    public List<ImageEntry> entries(List<UUID> ids) {
        Map<UUID, Image> found = byId(ids);
        Map<UUID, Integer> depths = lineages.depths(ids);
        Map<UUID, Long> children = lineages.childrenCounts(ids);
        Map<UUID, UUID> operations = claims.changing(ids);
        Map<UUID, SeedLink> links = seeds.links(ids);
        Map<UUID, ImageLink> parents = links(found.values().stream()
                .map(Image::parentId)
                .filter(Objects::nonNull)
                .collect(Collectors.toSet()));
        Map<UUID, FamilyVersion> published =
                versions.of(Stream.concat(found.keySet().stream(), parents.keySet().stream())
                        .collect(Collectors.toSet()));
        return ids.stream()
                .map(found::get)
                .filter(Objects::nonNull)
                .map(image -> new ImageEntry(
                        image,
                        image.parentId() == null ? null : parents.get(image.parentId()),
                        depths.getOrDefault(image.id(), 0),
                        children.getOrDefault(image.id(), 0L),
                        operations.get(image.id()),
                        links.get(image.id()),
                        published.get(image.id()),
                        image.parentId() == null ? null : published.get(image.parentId())))
                .toList();
    }

    /**
     * One page of the images that the query asks for.
     *
     * @throws CowshedException of type INVALID_REQUEST if the cursor is not one that this query was answered with
     */
    public ImagePage list(ImageQuery query) {
        List<LabelSelector.Requirement> labels = query.labels().requirements();
        int many = COMMON * query.limit();
        boolean common = !labels.isEmpty() && labels.stream().noneMatch(label -> isRare(label, many));
        List<Cursor> found = common ? run(ListStatement.amongNearest(query)) : List.of();
        if (found.size() <= query.limit()) {
            found = run(ListStatement.of(query));
        }
        boolean more = found.size() > query.limit();
        List<Cursor> page = more ? found.subList(0, query.limit()) : found;
        List<ImageEntry> entries = entries(page.stream().map(Cursor::id).toList());
        return new ImagePage(entries, more ? Cursor.after(query, page.getLast()) : null);
    }

    /** Through a label that few images have, all those are found at once. */
    private boolean isRare(LabelSelector.Requirement label, int many) {
        return switch (label) {
            case LabelSelector.Present present -> isRare("label_key = :key", Map.of("key", present.key()), many);
            case LabelSelector.Equal equal ->
                isRare(
                        "label_key = :key and label_value = :value",
                        Map.of("key", equal.key(), "value", equal.value()),
                        many);
            case LabelSelector.Absent _, LabelSelector.NotEqual _ -> false;
        };
    }

    private boolean isRare(String label, Map<String, String> parameters, int many) {
        return database.sql("select count(*) from (select 1 from image_label where " + label + " limit " + many
                                + ") found")
                        .params(parameters)
                        .query(Integer.class)
                        .single()
                < many;
    }

    private List<Cursor> run(ListStatement statement) {
        return database.sql(statement.sql())
                .params(statement.parameters())
                .query(statement.row())
                .list();
    }

    private Map<UUID, Image> byId(List<UUID> ids) {
        if (ids.size() == 1) {
            // A query with a list of ids is made anew each time, which takes longer than to run it.
            return entities.createQuery("select i from Image i left join fetch i.labels where i.id = :id", Image.class)
                    .setParameter("id", ids.getFirst())
                    .getResultStream()
                    .collect(Collectors.toMap(Image::id, Function.identity()));
        }
        return entities
                .createQuery("select i from Image i left join fetch i.labels where i.id in :ids", Image.class)
                .setParameter("ids", ids)
                .getResultList()
                .stream()
                .collect(Collectors.toMap(Image::id, Function.identity()));
    }

    private Map<UUID, ImageLink> links(Collection<UUID> ids) {
        if (ids.isEmpty()) {
            return Map.of();
        }
        return database
                .sql("select id, name, state from image where id in (:ids)")
                .param("ids", ids)
                .query(ImageLink.ROW)
                .stream()
                .collect(Collectors.toMap(ImageLink::id, Function.identity()));
    }
}
