package io.cowshed.pool.web;

import io.cowshed.pool.Pool;
import io.cowshed.pool.PoolEntry;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A pool as the API shows it. */
@Schema(name = "Pool", description = "Clones of a family's latest version that are made ahead.")
record PoolView(
        String family,

        @Schema(description = "How many clones are to lie ready.")
        int size,

        @Schema(description = "How many do.") int ready,

        @Schema(
                types = {"string", "null"},
                description =
                        "The word of the version that they lie on, which is the latest; null where none is active: then none lie ready.")
        @Nullable
        String version,

        Instant createdAt,

        @Schema(description = "The name of the access token that made it.")
        String createdBy,

        @Schema(description = "When its size was changed last.")
        Instant updatedAt) {

    static PoolView of(PoolEntry entry) {
        Pool pool = entry.pool();
        return new PoolView(
                pool.family(),
                pool.size(),
                entry.ready(),
                entry.latest(),
                pool.createdAt(),
                pool.createdBy(),
                pool.updatedAt());
    }
}
