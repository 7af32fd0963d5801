package io.cowshed.catalog.web;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.cowshed.catalog.ImageState;
import io.cowshed.catalog.Lifetime;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** An image as the API shows it. */
@Schema(name = "Image", description = "One disk. Sizes are in bytes.")
public record ImageView(
        UUID id,

        @Schema(description = "Unique among the images that are not in the trash.")
        String name,

        String description,
        Map<String, String> labels,
        ImageState state,

        @Schema(description = "Whether its contents are frozen. Only a sealed image can be cloned.")
        boolean sealed,

        @JsonProperty("protected") @Schema(description = "Whether it refuses to be removed.")
        boolean isProtected,

        Lifetime lifetime,

        @Schema(
                types = {"string", "null"},
                format = "date-time",
                description = "When a disposable image may be removed; null for a persistent one.")
        @Nullable
        Instant expiresAt,

        @Nullable Parent parent,

        @Schema(description = "How many ancestors it has; 0 for a base.")
        int depth,

        @Schema(description = "How many clones were made of it directly and are still there, those in the trash too.")
        long children,

        @Schema(description = "The length of the disk that the guest sees.")
        long virtualSize,

        @Schema(description = "What its own file takes on the volume, without its ancestors.")
        long allocatedSize,

        int clusterSize,

        @Schema(
                types = {"string", "null"},
                description = "The blkhash of what the guest reads, while sealed; null otherwise.")
        @Nullable
        String digest,

        @Schema(description = "Its file, relative to the root of the volume.")
        String path,

        Instant createdAt,

        @Schema(description = "The name of the access token that made it.")
        String createdBy,

        Instant updatedAt) {

    /** The parent of an image, named. */
    @Schema(name = "ParentImage")
    public record Parent(UUID id, String name) {}
}
