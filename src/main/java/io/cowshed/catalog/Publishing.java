package io.cowshed.catalog;

import io.cowshed.database.TimeOrderedIds;
import io.cowshed.event.EventType;
import io.cowshed.operation.Claims;
import io.cowshed.operation.ImageBusy;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.time.Clock;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/**
 * Publishes images as versions of families, and changes what is said of these. Each locks the family's row, then the image's:
 * whoever has either locked finds a version as it stays until he is done.
 */
@Component
@Transactional
public class Publishing {

    private final Families families;
    private final FamilyVersions versions;
    private final Images images;
    private final Claims claims;
    private final JdbcClient database;
    private final TimeOrderedIds ids;
    private final Clock clock;
    private final ImageEvents events;

    Publishing(
            Families families,
            FamilyVersions versions,
            Images images,
            Claims claims,
            JdbcClient database,
            TimeOrderedIds ids,
            Clock clock,
            ImageEvents events) {
        this.families = families;
        this.versions = versions;
        this.images = images;
        this.claims = claims;
        this.database = database;
        this.ids = ids;
        this.clock = clock;
        this.events = events;
    }

    /**
     * Publishes a sealed image.
     *
     * @param as the family and the word of the version
     * @param state that it begins with
     * @param notes at most 2000 characters
     * @throws ImageNotFound if there is no such image
     * @throws ImagePublished if the image is a version already
     * @throws ImageBusy if an operation removes it
     * @throws CowshedException of type NOT_FOUND if there is no such family; of type NAME_TAKEN if it has such a version; of type
     *     IMAGE_NOT_AVAILABLE, IMAGE_NOT_SEALED or IMAGE_LEAVES if the image cannot have clones; of type INVALID_REQUEST if the
     *     notes cannot be
     */
    public FamilyVersion publish(
            ImageRef.ByVersion as, ImageRef ref, VersionState state, String notes, String publishedBy) {
        Family family = families.lock(as.family());
        Image image = images.lock(ref);
        image.requireAvailable("published");
        image.requireClonable();
        claims.requireStaying(image.id());
        versions.requireNone(image, "published again");
        requireFree(as, family);
        Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
        FamilyVersion version = new FamilyVersion(
                        ids.next(),
                        family.id(),
                        family.name(),
                        as.version().value(),
                        nextOrdinal(family.id()),
                        image.id(),
                        image.name(),
                        Text.requireReadable("notes", notes, Text.MAX_DESCRIPTION),
                        null,
                        null,
                        null,
                        now,
                        publishedBy,
                        now,
                        -1)
                .changed(VersionChange.to(state), now);
        insert(version);
        events.ofVersion(EventType.VERSION_PUBLISHED, version, now);
        return version;
    }

    /**
     * Changes what is said of a version.
     *
     * @param expectedVersions one of which the caller has read, or null to change whatever there is
     * @throws ImageNotFound if there is no such version, or none that is to replace it
     * @throws CowshedException of type PRECONDITION_FAILED if it was changed since it was read; of type INVALID_REQUEST as for
     *     {@link FamilyVersion#changed}
     */
    public FamilyVersion change(ImageRef.ByVersion ref, @Nullable Set<Long> expectedVersions, VersionChange change) {
        ImageRef.ByVersion replacement =
                change.replacement() == null ? null : change.replacement().value();
        // In one order, for two versions of two families may come to replace each other.
        Stream.of(ref, replacement == null ? ref : replacement)
                .map(ImageRef.ByVersion::family)
                .distinct()
                .sorted((a, b) -> a.value().compareTo(b.value()))
                .forEach(families::lock);
        FamilyVersion version = lock(ref, expectedVersions);
        if (replacement != null) {
            versions.find(replacement);
        }
        FamilyVersion changed = version.changed(change, clock.instant());
        database.sql("update family_version set notes = :notes, deprecated_at = :deprecated, obsolete_at = :obsolete,"
                        + " replacement = :replacement, updated_at = :now, version = :version where id = :id")
                .param("notes", changed.notes())
                .param("deprecated", utc(changed.deprecatedAt()))
                .param("obsolete", utc(changed.obsoleteAt()))
                .param("replacement", changed.replacement())
                .param("now", utc(changed.updatedAt()))
                .param("version", changed.version())
                .param("id", changed.id())
                .update();
        events.ofVersion(EventType.VERSION_CHANGED, changed, clock.instant());
        return changed;
    }

    /**
     * Takes a version out of its family; the image stays. What it was to replace is replaced by nothing in particular.
     *
     * @param expectedVersions one of which the caller has read, or null to take out whatever there is
     * @throws ImageNotFound if there is no such version
     * @throws CowshedException of type PRECONDITION_FAILED if it was changed since it was read
     */
    public void takeOut(ImageRef.ByVersion ref, @Nullable Set<Long> expectedVersions) {
        families.lock(ref.family());
        FamilyVersion version = lock(ref, expectedVersions);
        database.sql("delete from family_version where id = :id")
                .param("id", version.id())
                .update();
        events.ofVersion(EventType.VERSION_WITHDRAWN, version, clock.instant());
        forgetReplacement(version.name());
    }

    private void forgetReplacement(String name) {
        Instant now = clock.instant();
        List<UUID> replaced = database.sql(
                        "select id from family_version where replacement = :name order by id for update")
                .param("name", name)
                .query(Images.ID)
                .list();
        for (UUID id : replaced) {
            database.sql("update family_version set replacement = null, updated_at = :now, version = version + 1"
                            + " where id = :id")
                    .param("now", utc(now))
                    .param("id", id)
                    .update();
            events.ofVersion(EventType.VERSION_CHANGED, versions.find(id), now);
        }
    }

    /**
     * Locks a family, before any image: for a caller who is to {@link #reserve} or {@link #publishReserved}.
     *
     * @throws CowshedException of type NOT_FOUND if there is no such family
     */
    @Transactional(propagation = Propagation.MANDATORY)
    public void lock(FamilyName family) {
        families.lock(family);
    }

    /**
     * Reserves the word for a version whose image only reserves its own name yet; it goes with that if nothing comes of it.
     *
     * @throws CowshedException of type NAME_TAKEN if the family has such a version, or is to have it
     */
    @Transactional(propagation = Propagation.MANDATORY)
    public void reserve(ImageRef.ByVersion as, UUID image, String reservedBy) {
        Family family = families.lock(as.family());
        requireFree(as, family);
        database.sql("insert into version_reservation (image_id, family_id, word, reserved_by)"
                        + " values (:image, :family, :word, :by)")
                .param("image", image)
                .param("family", family.id())
                .param("word", as.version().value())
                .param("by", reservedBy)
                .update();
    }

    /** Locks the family in which an image is to be published, before any image is locked; does nothing where there is none. */
    @Transactional(propagation = Propagation.MANDATORY)
    public void lockReserved(UUID image) {
        reserved(image).ifPresent(reservation -> families.lock(reservation.as().family()));
    }

    /** Publishes an image as it was reserved, after {@link #lockReserved}; does nothing where nothing was. */
    @Transactional(propagation = Propagation.MANDATORY)
    public Optional<FamilyVersion> publishReserved(UUID image) {
        return reserved(image).map(reservation -> {
            database.sql("delete from version_reservation where image_id = :image")
                    .param("image", image)
                    .update();
            return publish(reservation.as(), ImageRef.of(image), VersionState.ACTIVE, "", reservation.by());
        });
    }

    /**
     * Has one version replaced by another of its family, and deprecated unless it is so or obsolete already; does nothing to an image
     * that is none any more. For a caller who has published that other one in this transaction.
     */
    @Transactional(propagation = Propagation.MANDATORY)
    public void supersede(UUID image, FamilyVersion by) {
        versions.of(image).ifPresent(old -> {
            VersionState state = old.state(clock.instant()) == VersionState.ACTIVE ? VersionState.DEPRECATED : null;
            change(
                    reference(old),
                    null,
                    new VersionChange(null, state, null, null, new VersionChange.Setting<>(reference(by))));
        });
    }

    private static ImageRef.ByVersion reference(FamilyVersion version) {
        return new ImageRef.ByVersion(new FamilyName(version.family()), new VersionName(version.word()));
    }

    private record Reservation(ImageRef.ByVersion as, String by) {}

    private Optional<Reservation> reserved(UUID image) {
        return database.sql("select f.name, r.word, r.reserved_by from version_reservation r"
                        + " join family f on f.id = r.family_id where r.image_id = :image")
                .param("image", image)
                .query((row, _) -> new Reservation(
                        new ImageRef.ByVersion(
                                new FamilyName(row.getString("name")), new VersionName(row.getString("word"))),
                        row.getString("reserved_by")))
                .optional();
    }

    private void requireFree(ImageRef.ByVersion as, Family family) {
        boolean reserved = database.sql("select exists (select 1 from version_reservation"
                        + " where family_id = :family and word = :word)")
                .param("family", family.id())
                .param("word", as.version().value())
                .query(Boolean.class)
                .single();
        if (reserved || versions.image(as).isPresent()) {
            throw new CowshedException(
                    ProblemType.NAME_TAKEN,
                    "There is a version " + Text.quote(as.toString())
                            + (reserved ? " to come from an operation." : " already."),
                    "Publish the image under another word.");
        }
    }

    /** The version, its image's row locked and its own, after the family's. */
    private FamilyVersion lock(ImageRef.ByVersion ref, @Nullable Set<Long> expectedVersions) {
        images.lock(ref);
        UUID id = versions.find(ref).id();
        database.sql("select id from family_version where id = :id for update")
                .param("id", id)
                .query(Images.ID)
                .single();
        FamilyVersion version = versions.find(ref);
        if (expectedVersions != null && !expectedVersions.contains(version.version())) {
            throw new CowshedException(
                    ProblemType.PRECONDITION_FAILED,
                    "Version " + Text.quote(version.name()) + " has been changed since you read it.",
                    "Read it again, and repeat the request with its new ETag: GET /api/v1/families/" + version.family()
                            + "/versions/" + version.word() + ".");
        }
        return version;
    }

    private long nextOrdinal(UUID family) {
        return database.sql("select coalesce(max(ordinal), 0) + 1 from family_version where family_id = :family")
                .param("family", family)
                .query(Long.class)
                .single();
    }

    private void insert(FamilyVersion version) {
        database.sql("insert into family_version (id, family_id, word, ordinal, image_id, image_clonable, notes,"
                        + " deprecated_at, obsolete_at, published_at, published_by, updated_at, version)"
                        + " values (:id, :family, :word, :ordinal, :image, true, :notes, :deprecated, :obsolete,"
                        + " :at, :by, :at, :version)")
                .param("id", version.id())
                .param("family", version.familyId())
                .param("word", version.word())
                .param("ordinal", version.ordinal())
                .param("image", version.image())
                .param("notes", version.notes())
                .param("deprecated", utc(version.deprecatedAt()))
                .param("obsolete", utc(version.obsoleteAt()))
                .param("at", utc(version.publishedAt()))
                .param("by", version.publishedBy())
                .param("version", version.version())
                .update();
    }

    private static @Nullable OffsetDateTime utc(@Nullable Instant time) {
        return time == null ? null : time.atOffset(ZoneOffset.UTC);
    }
}
