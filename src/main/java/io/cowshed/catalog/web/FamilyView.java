package io.cowshed.catalog.web;

import io.cowshed.catalog.Family;
import io.cowshed.catalog.FamilyEntry;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A family as the API shows it. */
@Schema(name = "Family", description = "Images that come out in versions, under one name.")
record FamilyView(
        String name,
        String description,
        Map<String, String> labels,

        @Schema(
                types = {"string", "null"},
                description =
                        "The word for the newest active version, by the order of publication: what family:latest stands for; null where none is active.")
        @Nullable
        String latest,

        @Schema(description = "How many versions it has, whatever their state.")
        long versions,

        Instant createdAt,

        @Schema(description = "The name of the access token that made it.")
        String createdBy,

        Instant updatedAt) {

    static FamilyView of(FamilyEntry entry) {
        Family family = entry.family();
        return new FamilyView(
                family.name(),
                family.description(),
                family.labels().values(),
                entry.latest(),
                entry.versions(),
                family.createdAt(),
                family.createdBy(),
                family.updatedAt());
    }
}
