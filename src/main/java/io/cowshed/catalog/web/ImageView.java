package io.cowshed.catalog.web;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.cowshed.catalog.ImageState;
import io.cowshed.catalog.Lifetime;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.List;
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

        @Schema(
                types = {"string", "null"},
                description = "The family that it is a version of; null for none.")
        @Nullable
        String family,

        @Schema(
                types = {"string", "null"},
                description = "The word for the version that it is; null for none.")
        @Nullable
        String version,

        ImageState state,

        @Schema(description = "Whether its contents are frozen. Only a sealed image can be cloned.")
        boolean sealed,

        @JsonProperty("protected") @Schema(description = "Whether it refuses to be removed.")
        boolean isProtected,

        @Schema(description = "Whether it gets no more children, and goes to the trash with the last that it has.")
        boolean removeWhenChildless,

        Lifetime lifetime,

        @Schema(
                types = {"string", "null"},
                format = "date-time",
                description = "When a disposable image may be removed; null for a persistent one.")
        @Nullable
        Instant expiresAt,

        @Schema(description = "Null for a persistent image.") @Nullable
        LeaseView lease,

        @Schema(description = "The image that this one is a copy-on-write clone of; null for a base.") @Nullable
        Parent parent,

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

        @Schema(description = "How many have it attached: GET /images/{ref}/attachments shows them.")
        long attachments,

        @Schema(
                types = {"string", "null"},
                format = "uuid",
                description = "The operation that changes it at the moment; null for none.")
        @Nullable
        UUID operation,

        @Schema(description = "Its seed disk; null for none.") @Nullable
        Seed seed,

        Instant createdAt,

        @Schema(description = "The name of the access token that made it.")
        String createdBy,

        Instant updatedAt,

        @Schema(
                types = {"string", "null"},
                format = "date-time",
                description = "When it went to the trash; null unless it is there.")
        @Nullable
        Instant trashedAt,

        @Schema(
                types = {"string", "null"},
                description = "What is wrong with its file, in the state error; null otherwise.")
        @Nullable
        String fault,

        @Schema(
                description =
                        "What there is to say against where it lies: on a version that is deprecated or obsolete.")
        List<Deprecation> warnings) {

    /** The seed disk of an image, as far as everyone may see it. */
    @Schema(name = "ImageSeed")
    public record Seed(
            @Schema(description = "Its file, relative to the root of the volume.")
            String path,

            @Schema(description = "The instance-id that a guest which starts with it takes.")
            String instanceId) {}

    /** The parent of an image, named; and the version that it is, if it is one. */
    @Schema(name = "ParentImage")
    public record Parent(
            UUID id,
            String name,

            @Schema(types = {"string", "null"}) @Nullable String family,

            @Schema(types = {"string", "null"}) @Nullable String version) {}
}
