package io.cowshed.catalog.web;

import io.cowshed.catalog.FamilyVersion;
import io.cowshed.catalog.VersionState;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A version as the API shows it. */
@Schema(name = "Version", description = "A sealed image that was published in a family.")
record VersionView(
        String family,

        @Schema(description = "The word for it in its family.", example = "2026-11-20")
        String version,

        @Schema(
                description =
                        "active; deprecated: cloning it warns, and it is not the latest; obsolete: it is not cloned any more.")
        VersionState state,

        @Schema(description = "The image that was published.")
        Published image,

        String notes,

        @Schema(
                types = {"string", "null"},
                format = "date-time",
                description = "From when on it is deprecated; null for never.")
        @Nullable
        Instant deprecatedAt,

        @Schema(
                types = {"string", "null"},
                format = "date-time",
                description = "From when on it is obsolete; null for never.")
        @Nullable
        Instant obsoleteAt,

        @Schema(
                types = {"string", "null"},
                description = "What to use instead, as family:version; null for nothing in particular.")
        @Nullable
        String replacement,

        @Schema(description = "How many images descend from it, however deep, those in the trash too.")
        long clones,

        Instant publishedAt,

        @Schema(description = "The name of the access token that published it.")
        String publishedBy,

        Instant updatedAt) {

    /** The image of a version, named. */
    @Schema(name = "PublishedImage")
    record Published(UUID id, String name) {}

    static VersionView of(FamilyVersion version, long clones, Instant now) {
        return new VersionView(
                version.family(),
                version.word(),
                version.state(now),
                new Published(version.image(), version.imageName()),
                version.notes(),
                version.deprecatedAt(),
                version.obsoleteAt(),
                version.replacement(),
                clones,
                version.publishedAt(),
                version.publishedBy(),
                version.updatedAt());
    }
}
