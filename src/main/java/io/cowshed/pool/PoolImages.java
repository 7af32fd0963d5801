package io.cowshed.pool;

import io.cowshed.catalog.Image;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.RowMapper;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/**
 * What is in pools. A clone is ready while it is untouched: its image has the version that it was made with, and nobody ever had
 * it attached or gave it a seed disk. Whoever does one of these has locked the image's row.
 */
@Component
@Transactional(readOnly = true)
class PoolImages {

    /** Of one statement; more are asked for again. */
    static final int PAGE = 100;

    private static final String FROM = " from pool_image p join image i on i.id = p.image_id ";

    private static final String UNUSED = "i.state = 'available'"
            + " and not exists (select 1 from attachment a where a.image_id = i.id)"
            + " and not exists (select 1 from image_seed s where s.image_id = i.id)";

    private static final String UNTOUCHED = "(i.version = p.image_version and " + UNUSED + ")";

    /** As it was made, or its parent was removed from under it: that is nothing that anybody has done to the clone. */
    private static final String NOBODYS = "((i.version = p.image_version or (i.version = p.image_version + 1"
            + " and not exists (select 1 from operation o where o.subject_id = i.id)"
            + " and not exists (select 1 from image q where q.id = p.parent_id and q.state = 'available'))) and "
            + UNUSED + ")";

    /** Those of a pool that is there, on one version. */
    private static final String READY = FROM + "join pool o on o.family_id = p.family_id where p.family_id = :family"
            + " and p.parent_id = :parent and " + UNTOUCHED;

    private static final RowMapper<Pooled> POOLED =
            (row, _) -> new Pooled(row.getObject("image_id", UUID.class), row.getLong("version"));

    private static final RowMapper<UUID> ID = (row, _) -> row.getObject(1, UUID.class);

    private final JdbcClient database;
    private final JdbcTemplate batches;

    PoolImages(JdbcClient database, JdbcTemplate batches) {
        this.database = database;
        this.batches = batches;
    }

    /**
     * A clone in a pool.
     *
     * @param version that its image has
     */
    record Pooled(UUID image, long version) {}

    /** How many clones of that parent are ready; none where the family has no pool. */
    int ready(UUID family, UUID parent) {
        return database.sql("select count(*)" + READY)
                .param("family", family)
                .param("parent", parent)
                .query(Integer.class)
                .single();
    }

    /**
     * Clones of that parent that are ready, the oldest first.
     *
     * @param after the last one that the caller has seen, or null to begin
     */
    List<Pooled> ready(UUID family, UUID parent, @Nullable Pooled after, int limit) {
        // All columns of the index are named, or H2 sorts all of them for each page.
        JdbcClient.StatementSpec query = database.sql(
                        "select p.image_id, i.version" + READY + (after == null ? "" : " and p.image_id > :after")
                                + " order by p.family_id, p.parent_id, p.image_id limit " + limit)
                .param("family", family)
                .param("parent", parent);
        return (after == null ? query : query.param("after", after.image()))
                .query(POOLED)
                .list();
    }

    /** As above, the newest first. */
    List<Pooled> newest(UUID family, UUID parent, int limit) {
        return database.sql("select p.image_id, i.version" + READY + " order by p.image_id desc limit " + limit)
                .param("family", family)
                .param("parent", parent)
                .query(POOLED)
                .list();
    }

    /**
     * Clones that nobody has touched, and that were not made on this parent.
     *
     * @param parent null for whatever they were made on
     */
    List<Pooled> elsewhere(UUID family, @Nullable UUID parent, @Nullable Pooled after) {
        JdbcClient.StatementSpec query = database.sql("select p.image_id, i.version" + FROM
                        + "where p.family_id = :family and " + NOBODYS
                        + (parent == null ? "" : " and p.parent_id <> :parent")
                        + (after == null ? "" : " and p.image_id > :after") + " order by p.image_id limit " + PAGE)
                .param("family", family);
        if (parent != null) {
            query = query.param("parent", parent);
        }
        return (after == null ? query : query.param("after", after.image()))
                .query(POOLED)
                .list();
    }

    /** Families that have clones in a pool which is not there any more, and are perhaps not there any more themselves. */
    List<UUID> orphaned() {
        return database.sql("select distinct p.family_id from pool_image p"
                        + " where not exists (select 1 from pool o where o.family_id = p.family_id)")
                .query(ID)
                .list();
    }

    /**
     * Some images that somebody has touched. Those in the trash stay where they are until they are purged, or come back; and of one
     * that an operation works on, it shows when that is over.
     */
    List<UUID> touched() {
        return database.sql("select p.image_id" + FROM + "where i.state <> 'trashed' and not " + NOBODYS
                        + " and not exists (select 1 from operation_claim c where c.image_id = i.id)"
                        + " order by p.image_id limit " + PAGE)
                .query(ID)
                .list();
    }

    /** Whether an image is in a pool, and nobody has touched it. */
    boolean isNobodys(UUID image) {
        return database.sql("select count(*)" + FROM + "where p.image_id = :image and " + NOBODYS)
                        .param("image", image)
                        .query(Long.class)
                        .single()
                > 0;
    }

    /** Takes an image out of its pool, if it is ready there. The caller has locked the image's row. */
    @Transactional(propagation = Propagation.MANDATORY)
    boolean take(UUID image) {
        return delete(image, UNTOUCHED);
    }

    /** Takes an image out of its pool, if somebody has touched it. The caller has locked the image's row. */
    @Transactional(propagation = Propagation.MANDATORY)
    boolean forget(UUID image) {
        return delete(image, "not " + NOBODYS);
    }

    private boolean delete(UUID image, String condition) {
        return database.sql("delete from pool_image where image_id = :image" + " and exists (select 1" + FROM
                                + "where p.image_id = :image and " + condition + ")")
                        .param("image", image)
                        .update()
                > 0;
    }

    /**
     * Puts new clones of one parent into the pool, in the transaction that makes them.
     *
     * @throws PoolFull if not all of them are missing
     */
    @Transactional(propagation = Propagation.MANDATORY)
    void add(UUID family, UUID parent, List<Image> clones) {
        int size = lock(database, family).orElse(0);
        if (ready(family, parent) + clones.size() > size) {
            throw new PoolFull();
        }
        batches.batchUpdate(
                "insert into pool_image (image_id, image_version, family_id, parent_id) values (?, ?, ?, ?)",
                clones,
                clones.size(),
                (row, clone) -> {
                    row.setObject(1, clone.id());
                    row.setLong(2, clone.version());
                    row.setObject(3, family);
                    row.setObject(4, parent);
                });
    }

    /** The size of the pool, its row locked until the transaction ends; empty where there is none. */
    static Optional<Integer> lock(JdbcClient database, UUID family) {
        return database.sql("select pool_size from pool where family_id = :family for update")
                .param("family", family)
                .query(Integer.class)
                .optional();
    }
}
