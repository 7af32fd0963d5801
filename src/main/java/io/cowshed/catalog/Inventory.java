package io.cowshed.catalog;

import io.cowshed.volume.CataloguedFile;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** What the catalogue has in files, a page at a time, for whoever compares it with the volume. */
@Component
@Transactional(readOnly = true)
public class Inventory {

    private static final String SELECT =
            "select i.id, i.name, i.state, i.sealed, i.parent_id, i.virtual_size, i.digest,"
                    + " i.fault, i.version, s.file_number from image i left join image_seed s on s.image_id = i.id where ";

    private final JdbcClient database;

    Inventory(JdbcClient database) {
        this.database = database;
    }

    /**
     * An image as its row has it. While that is equal, nothing that was recorded of its files has changed.
     *
     * @param parent null for none
     * @param virtualSize in bytes
     * @param digest null unless sealed
     * @param fault null for none
     * @param seed null for none
     */
    public record Entry(
            UUID id,
            String name,
            ImageState state,
            boolean sealed,
            @Nullable UUID parent,
            long virtualSize,
            @Nullable String digest,
            @Nullable String fault,
            long version,
            CataloguedFile.@Nullable Seed seed) {}

    /**
     * What there is to go through.
     *
     * @param images how many images there are
     * @param sealedSize the length of the disks of sealed ones, in bytes, all together
     */
    public record Extent(long images, long sealedSize) {}

    /**
     * The images after one, by their ids.
     *
     * @param after null to begin
     * @param limit how many at most
     */
    public List<Entry> after(@Nullable UUID after, int limit) {
        return beyond(database.sql(SELECT + condition(after, "i.id") + " order by i.id limit :limit"), after)
                .param("limit", limit)
                .query((row, _) -> entry(row))
                .list();
    }

    /** The image as it is now; empty if there is none. */
    public Optional<Entry> find(UUID id) {
        return database.sql(SELECT + "i.id = :id")
                .param("id", id)
                .query((row, _) -> entry(row))
                .optional();
    }

    /** Those of these files that the catalogue has, or is about to have. */
    public Set<CataloguedFile> known(Collection<? extends CataloguedFile> files) {
        if (files.isEmpty()) {
            return Set.of();
        }
        Set<CataloguedFile> known = new HashSet<>();
        database.sql(SELECT + "i.id in (:ids)")
                .param(
                        "ids",
                        files.stream().map(CataloguedFile::image).distinct().toList())
                .query((row, _) -> entry(row))
                .list()
                .forEach(entry -> {
                    known.add(new CataloguedFile.Disk(entry.id()));
                    if (entry.seed() != null) {
                        known.add(entry.seed());
                    }
                });
        known.retainAll(Set.copyOf(files));
        return known;
    }

    /** How much there is after an image; null for all. */
    public Extent extent(@Nullable UUID after) {
        return beyond(
                        database.sql(
                                "select count(*) as images, coalesce(sum(case when sealed then virtual_size else 0 end), 0)"
                                        + " as sealed_size from image where " + condition(after, "id")),
                        after)
                .query((row, _) -> new Extent(row.getLong("images"), row.getLong("sealed_size")))
                .single();
    }

    /** Without a least id: the databases do not agree on which that is. */
    private static String condition(@Nullable UUID after, String id) {
        return after == null ? "1 = 1" : id + " > :after";
    }

    private static JdbcClient.StatementSpec beyond(JdbcClient.StatementSpec statement, @Nullable UUID after) {
        return after == null ? statement : statement.param("after", after);
    }

    private static Entry entry(ResultSet row) throws SQLException {
        UUID id = row.getObject("id", UUID.class);
        Long seed = row.getObject("file_number", Long.class);
        return new Entry(
                id,
                row.getString("name"),
                ImageState.parse(row.getString("state")),
                row.getBoolean("sealed"),
                row.getObject("parent_id", UUID.class),
                row.getLong("virtual_size"),
                row.getString("digest"),
                row.getString("fault"),
                row.getLong("version"),
                seed == null ? null : new CataloguedFile.Seed(id, seed));
    }
}
