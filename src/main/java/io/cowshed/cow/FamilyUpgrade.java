package io.cowshed.cow;

import io.cowshed.catalog.Lifetime;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A clone of a version that is not the latest of its family, and what becomes of it. */
@Schema(description = "Its disk is not looked at.")
public record FamilyUpgrade(
        UUID id,
        String name,
        Lifetime lifetime,

        @Schema(description = "What it lies on.") UpgradePlan.Version from,

        @Schema(description = "The latest.") UpgradePlan.Version to,

        @Schema(description = "Whether it can be upgraded; without dryRun, whether that has begun.")
        boolean upgradable,

        @Schema(description = "What it is refused for; null for nothing.") @Nullable
        Obstacle reason,

        @Schema(
                types = {"string", "null"},
                format = "uuid",
                description = "The operation that upgrades it; null for none.")
        @Nullable
        UUID operation) {}
