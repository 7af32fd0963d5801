package io.cowshed.catalog;

import io.cowshed.problem.CowshedException;
import java.time.Clock;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/**
 * Finds versions of families, and says what cannot be done to an image that is one. Whoever asks on behalf of a change has locked
 * the image's row, without which no version of it comes, goes or changes.
 */
@Component
@Transactional(propagation = Propagation.SUPPORTS)
public class FamilyVersions {

    private static final String IS_ACTIVE =
            "(v.deprecated_at is null or v.deprecated_at > :now) and (v.obsolete_at is null or v.obsolete_at > :now)";

    private final JdbcClient database;
    private final Clock clock;

    FamilyVersions(JdbcClient database, Clock clock) {
        this.database = database;
        this.clock = clock;
    }

    /**
     * The version of that word.
     *
     * @throws ImageNotFound if the family has none
     */
    public FamilyVersion find(ImageRef.ByVersion ref) {
        return database.sql(FamilyVersion.SELECT + "where f.name = :family and v.word = :word")
                .param("family", ref.family().value())
                .param("word", ref.version().value())
                .query(FamilyVersion.ROW)
                .optional()
                .orElseThrow(() -> new ImageNotFound(ref));
    }

    /**
     * The version that a family and a word say, to be looked at: the newest active one for {@code latest}.
     *
     * @throws ImageNotFound if the family has none
     * @throws CowshedException of type INVALID_REQUEST if the word is none for a version
     */
    public FamilyVersion find(FamilyName family, String word) {
        if (!word.equals(VersionName.LATEST)) {
            return find(new ImageRef.ByVersion(family, new VersionName(word)));
        }
        ImageRef.ByLatest latest = new ImageRef.ByLatest(family);
        return image(latest).flatMap(this::of).orElseThrow(() -> new ImageNotFound(latest));
    }

    /** The version of that id, which is there. */
    FamilyVersion find(UUID id) {
        return database.sql(FamilyVersion.SELECT + "where v.id = :id")
                .param("id", id)
                .query(FamilyVersion.ROW)
                .single();
    }

    /** The version that an image is. */
    public Optional<FamilyVersion> of(UUID image) {
        return database.sql(FamilyVersion.SELECT + "where v.image_id = :image")
                .param("image", image)
                .query(FamilyVersion.ROW)
                .optional();
    }

    /** The version that the parent of an image is. */
    public Optional<FamilyVersion> ofParent(UUID image) {
        return database.sql(
                        FamilyVersion.SELECT + "where v.image_id = (select c.parent_id from image c where c.id = :id)")
                .param("id", image)
                .query(FamilyVersion.ROW)
                .optional();
    }

    /** The versions that some images are, by image; the others are left out. */
    public Map<UUID, FamilyVersion> of(Collection<UUID> images) {
        if (images.isEmpty()) {
            return Map.of();
        }
        return database
                .sql(FamilyVersion.SELECT + "where v.image_id in (:images)")
                .param("images", images)
                .query(FamilyVersion.ROW)
                .stream()
                .collect(Collectors.toMap(FamilyVersion::image, Function.identity()));
    }

    /**
     * The versions of a family, the newest first, and one more than asked for where there are more.
     *
     * @param before the ordinal of the last that the caller has seen, or null to begin
     */
    public List<FamilyVersion> list(UUID family, @Nullable Long before, int limit) {
        return database.sql(FamilyVersion.SELECT + "where v.family_id = :family and v.ordinal < :before"
                        + " order by v.ordinal desc limit " + (limit + 1))
                .param("family", family)
                .param("before", before == null ? Long.MAX_VALUE : before)
                .query(FamilyVersion.ROW)
                .list();
    }

    /**
     * The direct clones of the other versions of a family that are neither in the trash nor versions themselves, by their ids, and
     * one more than asked for where there are more.
     *
     * @param latest the image of the version whose clones are left out
     * @param after the last that the caller has seen, or null to begin
     */
    public List<UUID> behind(UUID family, UUID latest, @Nullable UUID after, int limit) {
        return database.sql("select i.id from image i join family_version v on v.image_id = i.parent_id"
                        + " where v.family_id = :family and v.image_id <> :latest and i.state <> 'trashed'"
                        + " and i.id > :after and not exists (select 1 from family_version o where o.image_id = i.id)"
                        + " order by i.id limit " + (limit + 1))
                .param("family", family)
                .param("latest", latest)
                .param("after", after == null ? new UUID(0, 0) : after)
                .query(Images.ID)
                .list();
    }

    /** The word of the newest active version of each family that has one. */
    Map<UUID, String> latest(Collection<UUID> families) {
        Map<UUID, String> latest = new HashMap<>();
        if (!families.isEmpty()) {
            database.sql("select n.family_id, n.word from family_version n where n.family_id in (:families)"
                            + " and n.ordinal = (select max(v.ordinal) from family_version v"
                            + " where v.family_id = n.family_id and " + IS_ACTIVE + ")")
                    .param("families", families)
                    .param("now", now())
                    .query(row -> {
                        latest.put(row.getObject("family_id", UUID.class), row.getString("word"));
                    });
        }
        return latest;
    }

    /** How many versions each family has; those without any are left out. */
    Map<UUID, Long> counts(Collection<UUID> families) {
        Map<UUID, Long> counts = new HashMap<>();
        if (!families.isEmpty()) {
            database.sql("select family_id, count(*) as n from family_version where family_id in (:families)"
                            + " group by family_id")
                    .param("families", families)
                    .query(row -> {
                        counts.put(row.getObject("family_id", UUID.class), row.getLong("n"));
                    });
        }
        return counts;
    }

    /** The image that is the version. */
    Optional<UUID> image(ImageRef.ByVersion ref) {
        return database.sql("select v.image_id as id from family_version v join family f on f.id = v.family_id"
                        + " where f.name = :family and v.word = :word")
                .param("family", ref.family().value())
                .param("word", ref.version().value())
                .query(Images.ID)
                .optional();
    }

    /** The image that is the newest active version. */
    public Optional<UUID> image(ImageRef.ByLatest ref) {
        return database.sql("select v.image_id as id from family_version v join family f on f.id = v.family_id"
                        + " where f.name = :family and " + IS_ACTIVE + " order by v.ordinal desc limit 1")
                .param("family", ref.family().value())
                .param("now", now())
                .query(Images.ID)
                .optional();
    }

    /**
     * That an image is no version of a family.
     *
     * @param attempt what is refused otherwise, as in "cannot be <i>unsealed</i>"
     * @throws ImagePublished if it is one
     */
    public void requireNone(Image image, String attempt) {
        of(image.id()).ifPresent(version -> {
            throw new ImagePublished(image, attempt, version);
        });
    }

    /**
     * What clones of an image are clones of.
     *
     * @return the version that the image is; null where it is none
     * @throws CowshedException of type VERSION_OBSOLETE if it gets no more clones
     */
    public @Nullable FamilyVersion requireClonable(Image image) {
        FamilyVersion version = of(image.id()).orElse(null);
        if (version != null && version.state(clock.instant()) == VersionState.OBSOLETE) {
            throw new VersionObsolete(version);
        }
        return version;
    }

    private OffsetDateTime now() {
        return clock.instant().atOffset(ZoneOffset.UTC);
    }
}
