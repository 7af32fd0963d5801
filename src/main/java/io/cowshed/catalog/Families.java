package io.cowshed.catalog;

import io.cowshed.database.TimeOrderedIds;
import io.cowshed.event.EventType;
import io.cowshed.event.Events;
import io.cowshed.event.Subject;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import jakarta.persistence.EntityManager;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/** Families: finds, makes, changes and removes them. Their versions are {@link Publishing}'s. */
@Component
@Transactional
public class Families {

    private final EntityManager entities;
    private final Rows rows;
    private final JdbcClient database;
    private final FamilyVersions versions;
    private final GuardedFlush flush;
    private final TimeOrderedIds ids;
    private final Clock clock;
    private final Events events;

    Families(
            EntityManager entities,
            Rows rows,
            JdbcClient database,
            FamilyVersions versions,
            GuardedFlush flush,
            TimeOrderedIds ids,
            Clock clock,
            Events events) {
        this.entities = entities;
        this.rows = rows;
        this.database = database;
        this.versions = versions;
        this.flush = flush;
        this.ids = ids;
        this.clock = clock;
        this.events = events;
    }

    /**
     * Makes a family.
     *
     * @throws CowshedException of type NAME_TAKEN if there is one of that name; of type INVALID_REQUEST if the description
     *     cannot be
     */
    public FamilyEntry add(FamilyName name, String description, Labels labels, String createdBy) {
        if (id(name).isPresent()) {
            throw taken(name);
        }
        Family family = new Family(ids.next(), name, description, labels, createdBy, clock.instant());
        entities.persist(family);
        flush.orRefuse(Map.of(Constraint.FAMILY_NAME, () -> taken(name)));
        raise(EventType.FAMILY_CREATED, family);
        return new FamilyEntry(family, null, 0);
    }

    /**
     * The id of a family.
     *
     * @throws CowshedException of type NOT_FOUND if there is none of that name
     */
    @Transactional(readOnly = true)
    public UUID find(FamilyName name) {
        return id(name).orElseThrow(() -> missing(name));
    }

    /**
     * A family as it is now.
     *
     * @throws CowshedException of type NOT_FOUND if there is none of that name
     */
    @Transactional(readOnly = true)
    public FamilyEntry entry(FamilyName name) {
        Family family = rows.find(Family.class, find(name)).orElseThrow(() -> missing(name));
        return entries(List.of(family)).getFirst();
    }

    /**
     * Families by name, and one more than asked for where there are more.
     *
     * @param after the name of the last that the caller has seen, or null to begin
     */
    @Transactional(readOnly = true)
    public List<FamilyEntry> list(@Nullable FamilyName after, int limit) {
        List<UUID> page = database.sql("select id from family where name > :after order by name limit " + (limit + 1))
                .param("after", after == null ? "" : after.value())
                .query(Images.ID)
                .list();
        return entries(entities.createQuery(
                        "select f from Family f left join fetch f.labels where f.id in :ids order by f.name",
                        Family.class)
                .setParameter("ids", page)
                .getResultList());
    }

    /**
     * Changes what is said about a family.
     *
     * @param expectedVersions one of which the caller has read, or null to change whatever there is
     * @param description null to leave it
     * @param labels to set, or, with a null value, to take away
     * @throws CowshedException of type NOT_FOUND, PRECONDITION_FAILED or INVALID_REQUEST
     */
    public FamilyEntry change(
            FamilyName name,
            @Nullable Set<Long> expectedVersions,
            @Nullable String description,
            Map<String, @Nullable String> labels) {
        Family family = lock(name);
        requireVersion(family, expectedVersions);
        family.change(description, labels, clock.instant());
        entities.flush();
        raise(EventType.FAMILY_CHANGED, family);
        return entries(List.of(family)).getFirst();
    }

    /**
     * Removes a family that has no versions.
     *
     * @param expectedVersions one of which the caller has read, or null to remove whatever there is
     * @throws CowshedException of type NOT_FOUND, PRECONDITION_FAILED or FAMILY_HAS_VERSIONS
     */
    public void remove(FamilyName name, @Nullable Set<Long> expectedVersions) {
        Family family = lock(name);
        requireVersion(family, expectedVersions);
        long count = versions.counts(List.of(family.id())).getOrDefault(family.id(), 0L);
        if (count > 0) {
            throw new CowshedException(
                    ProblemType.FAMILY_HAS_VERSIONS,
                    "Family " + Text.quote(family.name()) + " cannot be removed: it has " + count
                            + (count == 1 ? " version." : " versions."),
                    "Take them out first, which leaves their images: GET /api/v1/families/" + family.name()
                            + "/versions, then DELETE each.");
        }
        if (isAwaiting(family.id())) {
            throw new CowshedException(
                    ProblemType.FAMILY_HAS_VERSIONS,
                    "Family " + Text.quote(family.name())
                            + " cannot be removed: an operation is about to publish in it.",
                    "Wait for it, or cancel it: GET /api/v1/operations.");
        }
        // Its labels cannot be read afterwards.
        raise(EventType.FAMILY_REMOVED, family);
        entities.remove(family);
        entities.flush();
    }

    private void raise(EventType type, Family family) {
        events.raise(
                type,
                new Subject(Subject.Kind.FAMILY, family.id(), family.name()),
                Map.of("labels", family.labels().values()));
    }

    /**
     * The family, its row locked until the caller's transaction ends: before that of any image.
     *
     * @throws CowshedException of type NOT_FOUND if there is none of that name
     */
    @Transactional(propagation = Propagation.MANDATORY)
    public Family lock(FamilyName name) {
        return rows.lock(Family.class, find(name)).orElseThrow(() -> missing(name));
    }

    private List<FamilyEntry> entries(List<Family> families) {
        List<UUID> all = families.stream().map(Family::id).toList();
        Map<UUID, String> latest = versions.latest(all);
        Map<UUID, Long> counts = versions.counts(all);
        families.forEach(Family::labels);
        return families.stream()
                .map(family -> new FamilyEntry(family, latest.get(family.id()), counts.getOrDefault(family.id(), 0L)))
                .toList();
    }

    private boolean isAwaiting(UUID family) {
        return database.sql("select exists (select 1 from version_reservation where family_id = :family)")
                .param("family", family)
                .query(Boolean.class)
                .single();
    }

    private Optional<UUID> id(FamilyName name) {
        return database.sql("select id from family where name = :name")
                .param("name", name.value())
                .query(Images.ID)
                .optional();
    }

    private static void requireVersion(Family family, @Nullable Set<Long> expected) {
        if (expected != null && !expected.contains(family.version())) {
            throw new CowshedException(
                    ProblemType.PRECONDITION_FAILED,
                    "Family " + Text.quote(family.name()) + " has been changed since you read it.",
                    "Read it again, and repeat the request with its new ETag: GET /api/v1/families/" + family.name()
                            + ".");
        }
    }

    private static CowshedException missing(FamilyName name) {
        return new CowshedException(
                ProblemType.NOT_FOUND,
                "There is no family " + Text.quote(name.value()) + ".",
                "GET /api/v1/families lists what there is.");
    }

    private static CowshedException taken(FamilyName name) {
        return new CowshedException(
                ProblemType.NAME_TAKEN,
                "There is a family " + Text.quote(name.value()) + " already.",
                "Use another name, or publish in that family: POST /api/v1/families/" + name + "/versions.");
    }
}
