package io.cowshed.cow.web;

import io.cowshed.catalog.Seed;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A seed disk, and what it was made from, which may hold secrets. */
@Schema(name = "Seed", description = "A seed disk, and what it was made from, as it was given.")
record SeedView(
        @Schema(description = "Its file, relative to the root of the volume. Another seed disk is another file.")
        String path,

        @Schema(description = "The instance-id that a guest which starts with it takes.")
        String instanceId,

        @Schema(types = {"string", "null"}) @Nullable String userData,

        @Schema(
                types = {"string", "null"},
                description = "An object is shown as its JSON text.")
        @Nullable
        String metaData,

        @Schema(
                types = {"string", "null"},
                description = "An object is shown as its JSON text.")
        @Nullable
        String networkConfig,

        Instant createdAt,

        @Schema(description = "The name of the access token that gave it.")
        String createdBy) {

    static SeedView of(Seed seed) {
        return new SeedView(
                seed.file().relativePath(),
                seed.instanceId(),
                seed.given().userData(),
                seed.given().metaData(),
                seed.given().networkConfig(),
                seed.createdAt(),
                seed.createdBy());
    }
}
