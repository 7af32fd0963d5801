package io.cowshed.pool;

import io.cowshed.catalog.Families;
import io.cowshed.catalog.FamilyEntry;
import io.cowshed.catalog.FamilyName;
import io.cowshed.catalog.FamilyVersions;
import io.cowshed.catalog.ImageRef;
import io.cowshed.event.EventType;
import io.cowshed.event.Events;
import io.cowshed.event.Subject;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.time.Clock;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/**
 * Makes, changes, shows and removes pools. What is in them follows, by {@link PoolUpkeep}. A pool's row is locked after the
 * family's or an image's, and nothing after it.
 */
@Component
@Transactional
public class Pools {

    private final Families families;
    private final FamilyVersions versions;
    private final PoolImages images;
    private final JdbcClient database;
    private final Clock clock;
    private final Events events;

    Pools(
            Families families,
            FamilyVersions versions,
            PoolImages images,
            JdbcClient database,
            Clock clock,
            Events events) {
        this.families = families;
        this.versions = versions;
        this.images = images;
        this.database = database;
        this.clock = clock;
        this.events = events;
    }

    /**
     * What became of a call for a pool of some size.
     *
     * @param isNew whether there was none before
     */
    public record Put(PoolEntry entry, boolean isNew) {}

    /**
     * Gives a family a pool of this size, or its pool another size.
     *
     * @param size 0 to {@value Pool#MAX_SIZE}
     * @param expectedVersions one of which the caller has read, or null to change whatever there is
     * @throws CowshedException of type NOT_FOUND if there is no such family; of type PRECONDITION_FAILED
     */
    public Put put(FamilyName name, int size, @Nullable Set<Long> expectedVersions, String by) {
        UUID family = families.lock(name).id();
        Optional<Pool> before = lock(family);
        if (before.isEmpty() && expectedVersions != null) {
            throw changed(name);
        }
        before.ifPresent(pool -> requireVersion(name, pool, expectedVersions));
        if (before.isPresent() && before.get().size() == size) {
            return new Put(entry(name), false);
        }
        if (before.isEmpty()) {
            insert(family, size, by);
        } else {
            database.sql("update pool set pool_size = :size, updated_at = :now, version = version + 1"
                            + " where family_id = :family")
                    .param("size", size)
                    .param("now", now())
                    .param("family", family)
                    .update();
        }
        raise(EventType.POOL_CHANGED, family, name, Map.of("size", size));
        return new Put(entry(name), before.isEmpty());
    }

    private void insert(UUID family, int size, String by) {
        database.sql("insert into pool (family_id, pool_size, created_at, created_by, updated_at, version)"
                        + " values (:family, :size, :now, :by, :now, 0)")
                .param("family", family)
                .param("size", size)
                .param("now", now())
                .param("by", by)
                .update();
    }

    /**
     * The pool of a family.
     *
     * @throws CowshedException of type NOT_FOUND if there is no such family, or it has none
     */
    @Transactional(readOnly = true)
    public PoolEntry entry(FamilyName name) {
        FamilyEntry family = families.entry(name);
        Pool pool = database.sql(Pool.SELECT + "where p.family_id = :family")
                .param("family", family.family().id())
                .query(Pool.ROW)
                .optional()
                .orElseThrow(() -> missing(name));
        int ready = versions.image(new ImageRef.ByLatest(name))
                .map(parent -> images.ready(pool.familyId(), parent))
                .orElse(0);
        return new PoolEntry(pool, ready, family.latest());
    }

    /** All pools, by the names of their families. */
    @Transactional(readOnly = true)
    public List<Pool> all() {
        return database.sql(Pool.SELECT + "order by f.name").query(Pool.ROW).list();
    }

    /**
     * Removes the pool of a family; its clones follow.
     *
     * @param expectedVersions one of which the caller has read, or null to remove whatever there is
     * @throws CowshedException of type NOT_FOUND if there is no such family, or it has none; of type PRECONDITION_FAILED
     */
    public void remove(FamilyName name, @Nullable Set<Long> expectedVersions) {
        UUID family = families.lock(name).id();
        requireVersion(name, lock(family).orElseThrow(() -> missing(name)), expectedVersions);
        database.sql("delete from pool where family_id = :family")
                .param("family", family)
                .update();
        raise(EventType.POOL_REMOVED, family, name, Map.of());
    }

    private void raise(EventType type, UUID family, FamilyName name, Map<String, ?> data) {
        events.raise(type, new Subject(Subject.Kind.FAMILY, family, name.value()), data);
    }

    /** The pool, its row locked until the transaction ends. */
    private Optional<Pool> lock(UUID family) {
        return PoolImages.lock(database, family).isEmpty()
                ? Optional.empty()
                : database.sql(Pool.SELECT + "where p.family_id = :family")
                        .param("family", family)
                        .query(Pool.ROW)
                        .optional();
    }

    private OffsetDateTime now() {
        return clock.instant().truncatedTo(ChronoUnit.MICROS).atOffset(ZoneOffset.UTC);
    }

    private static void requireVersion(FamilyName name, Pool pool, @Nullable Set<Long> expected) {
        if (expected != null && !expected.contains(pool.version())) {
            throw changed(name);
        }
    }

    private static CowshedException changed(FamilyName name) {
        return new CowshedException(
                ProblemType.PRECONDITION_FAILED,
                "The pool of family \"" + name + "\" has been changed since you read it.",
                "Read it again, and repeat the request with its new ETag: GET /api/v1/families/" + name + "/pool.");
    }

    private static CowshedException missing(FamilyName name) {
        return new CowshedException(
                ProblemType.NOT_FOUND,
                "Family \"" + name + "\" has no pool.",
                "Give it one: PUT /api/v1/families/" + name + "/pool with {\"size\": …}.");
    }
}
