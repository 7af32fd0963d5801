package io.cowshed.catalog;

import io.cowshed.problem.CowshedException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.RowMapper;

/**
 * A sealed image, published in a family. Its state follows from two times, so that what is due takes effect by itself.
 *
 * @param family the name of its family
 * @param word what it is called there
 * @param ordinal grows with each publication in the family
 * @param image what was published
 * @param imageName the present name of that
 * @param notes at most 2000 characters
 * @param deprecatedAt since when, or from when on, it is deprecated; null for never
 * @param obsoleteAt since when, or from when on, it is obsolete, not before deprecatedAt; null for never
 * @param replacement what to use instead, as {@code family:version}; null for nothing in particular
 * @param version grows with every change
 */
public record FamilyVersion(
        UUID id,
        UUID familyId,
        String family,
        String word,
        long ordinal,
        UUID image,
        String imageName,
        String notes,
        @Nullable Instant deprecatedAt,
        @Nullable Instant obsoleteAt,
        @Nullable String replacement,
        Instant publishedAt,
        String publishedBy,
        Instant updatedAt,
        long version) {

    static final String SELECT = "select v.id, v.family_id, f.name as family, v.word, v.ordinal, v.image_id,"
            + " i.name as image_name, v.notes, v.deprecated_at, v.obsolete_at, v.replacement, v.published_at,"
            + " v.published_by, v.updated_at, v.version from family_version v join family f on f.id = v.family_id"
            + " join image i on i.id = v.image_id ";

    static final RowMapper<FamilyVersion> ROW = (row, _) -> of(row);

    /** What may come before a clone of it, {@code family:version}. */
    public String name() {
        return family + ":" + word;
    }

    /** As it is at that time. */
    public VersionState state(Instant now) {
        return isOver(obsoleteAt, now)
                ? VersionState.OBSOLETE
                : isOver(deprecatedAt, now) ? VersionState.DEPRECATED : VersionState.ACTIVE;
    }

    /**
     * With some of it changed. A state takes effect at once, and keeps what is planned for later as far as it can stay.
     *
     * @throws CowshedException of type INVALID_REQUEST if the times contradict each other or the state, the notes cannot be, or
     *     it would replace itself
     */
    FamilyVersion changed(VersionChange change, Instant time) {
        Instant now = time.truncatedTo(ChronoUnit.MICROS);
        Instant deprecated = change.deprecatedAt() == null
                ? deprecatedAt(change.state(), now)
                : stored(change.deprecatedAt().value());
        Instant obsolete = change.obsoleteAt() == null
                ? obsoleteAt(change.state(), now)
                : stored(change.obsoleteAt().value());
        if (deprecated != null && obsolete != null && obsolete.isBefore(deprecated)) {
            throw Text.refuse(
                    "The version would be obsolete at " + obsolete + ", before it is deprecated at " + deprecated + ".",
                    "Use a later obsoleteAt, or an earlier deprecatedAt, or null for it.");
        }
        String newReplacement = change.replacement() == null ? replacement : named(change.replacement());
        if (name().equals(newReplacement)) {
            throw Text.refuse("Version " + name() + " cannot replace itself.", "Name another version.");
        }
        String newNotes =
                change.notes() == null ? notes : Text.requireReadable("notes", change.notes(), Text.MAX_DESCRIPTION);
        FamilyVersion changed = new FamilyVersion(
                id,
                familyId,
                family,
                word,
                ordinal,
                image,
                imageName,
                newNotes,
                deprecated,
                obsolete,
                newReplacement,
                publishedAt,
                publishedBy,
                now,
                version + 1);
        if (change.state() != null && changed.state(now) != change.state()) {
            throw Text.refuse(
                    "By these times the version is " + changed.state(now).word() + " now, not "
                            + change.state().word() + ".",
                    "Give the state or the times.");
        }
        return changed;
    }

    private @Nullable Instant deprecatedAt(@Nullable VersionState state, Instant now) {
        return switch (state) {
            case null -> deprecatedAt;
            case ACTIVE -> isOver(deprecatedAt, now) ? null : deprecatedAt;
            case DEPRECATED -> isOver(deprecatedAt, now) ? deprecatedAt : now;
            case OBSOLETE -> isOver(deprecatedAt, now) ? deprecatedAt : null;
        };
    }

    private @Nullable Instant obsoleteAt(@Nullable VersionState state, Instant now) {
        return switch (state) {
            case null -> obsoleteAt;
            case ACTIVE, DEPRECATED -> isOver(obsoleteAt, now) ? null : obsoleteAt;
            case OBSOLETE -> isOver(obsoleteAt, now) ? obsoleteAt : now;
        };
    }

    private static boolean isOver(@Nullable Instant time, Instant now) {
        return time != null && !time.isAfter(now);
    }

    private static @Nullable String named(VersionChange.Setting<ImageRef.ByVersion> replacement) {
        return replacement.value() == null ? null : replacement.value().toString();
    }

    private static @Nullable Instant stored(@Nullable Instant time) {
        return time == null ? null : time.truncatedTo(ChronoUnit.MICROS);
    }

    private static FamilyVersion of(ResultSet row) throws SQLException {
        return new FamilyVersion(
                row.getObject("id", UUID.class),
                row.getObject("family_id", UUID.class),
                row.getString("family"),
                row.getString("word"),
                row.getLong("ordinal"),
                row.getObject("image_id", UUID.class),
                row.getString("image_name"),
                row.getString("notes"),
                instant(row, "deprecated_at"),
                instant(row, "obsolete_at"),
                row.getString("replacement"),
                row.getObject("published_at", OffsetDateTime.class).toInstant(),
                row.getString("published_by"),
                row.getObject("updated_at", OffsetDateTime.class).toInstant(),
                row.getLong("version"));
    }

    private static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
        OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }
}
