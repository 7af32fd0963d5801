package io.cowshed.cow;

import io.cowshed.catalog.FamilyVersion;
import io.cowshed.catalog.Lifetime;
import io.cowshed.catalog.VersionState;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What it would take to put a clone of a version on another one, as things are now. */
@Schema(description = "Sizes are in bytes.")
public record UpgradePlan(
        UUID id,
        String name,
        Lifetime lifetime,

        @Schema(
                description =
                        "Whether it lies on that version already: then the call, without dryRun, changes nothing.")
        boolean upToDate,

        @Schema(description = "Whether this very call, without dryRun and with discardChanges, would be taken.")
        boolean possible,

        @Schema(description = "What it would be refused for.")
        List<Obstacle> obstacles,

        @Schema(description = "What it lies on now.") Version from,

        @Schema(description = "What it would lie on.") Version to,

        @Schema(description = "What its own file takes on the volume now: its own changes, which would be lost.")
        long allocatedSize,

        @Schema(
                types = {"integer", "null"},
                format = "int64",
                description = "How much of that it does not share; null where the file system does not say.")
        @Nullable
        Long exclusiveSize,

        @Schema(
                types = {"integer", "null"},
                format = "int64",
                description =
                        "How much of what the two versions show differs, in whole sectors; null where more than 8 GiB would have"
                                + " to be read for that: GET /images/{from}/compare?with={to} begins with the first differences.")
        @Nullable
        Long differingSize,

        @Schema(description = "The length of its disk now.") long virtualSize,

        @Schema(description = "The length of its disk then: that of the version, where that is longer.")
        long virtualSizeAfter,

        @Schema(description = "Whether the disks of the two versions are of different length.")
        boolean virtualSizesDiffer) {

    /** A version, named. */
    @Schema(name = "UpgradeVersion")
    public record Version(
            @Schema(description = "family:version", example = "debian:2026-11-20")
            String version,

            @Schema(description = "The image that it is.") UUID image,

            VersionState state) {

        static Version of(FamilyVersion version, Instant now) {
            return new Version(version.name(), version.image(), version.state(now));
        }
    }
}
