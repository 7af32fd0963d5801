package io.cowshed.cow;

import io.cowshed.catalog.ImageState;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What it would take to remove an image, as things are now. */
@Schema(
        description =
                "Sizes are in bytes. Only the image and its direct children are looked at, and of these the oldest in detail.")
public record RemovalPlan(
        UUID id,
        String name,
        ImageState state,

        @Schema(description = "Whether this very call, without dryRun, would be taken.")
        boolean possible,

        @Schema(description = "What it would be refused for.")
        List<Obstacle> obstacles,

        @Schema(description = "How many direct clones it has, those in the trash too.")
        long children,

        @Schema(description = "How many of them are in the trash.")
        long trashedChildren,

        @Schema(description = "The oldest of them, 50 at most.")
        List<Child> childrenInDetail,

        @Schema(description = "The ways to remove it.") List<Choice> choices,

        @Schema(
                types = {"integer", "null"},
                format = "int64",
                description =
                        "What the volume gets back when the image is gone for good; null where the file system does not say.")
        @Nullable
        Long freedSize,

        @Schema(description = "What may still be written to the volume.")
        long usableSize) {

    /** A direct clone of the image. */
    @Schema(name = "RemovalChild")
    public record Child(
            UUID id,
            String name,
            ImageState state,
            boolean sealed,
            long virtualSize,

            @Schema(description = "What its own file takes on the volume now.")
            long allocatedSize,

            @Schema(description = "Whether somebody has it open in a way that keeps it from being rewritten.")
            boolean inUse,

            @Schema(
                    types = {"string", "null"},
                    format = "uuid",
                    description = "The operation that changes it at the moment; null for none.")
            @Nullable
            UUID operation,

            @Schema(
                    types = {"integer", "null"},
                    format = "int64",
                    description = "What redirecting it would copy or compare; null while it cannot be read.")
            @Nullable
            Long costToRedirect,

            @Schema(
                    types = {"integer", "null"},
                    format = "int64",
                    description = "What splitting it would copy; null while it cannot be read.")
            @Nullable
            Long costToSplit) {}

    /** A way to remove the image. */
    @Schema(name = "RemovalChoice")
    public record Choice(
            @Schema(allowableValues = {"redirect", "split", "purge-trashed", "when-childless"})
            String choice,

            @Schema(description = "The call that takes it.") String call,

            boolean possible,

            @Schema(description = "What it would be refused for.")
            List<Obstacle> obstacles,

            @Schema(description = "What it would copy or compare for the children that are shown in detail.")
            long cost,

            @Schema(description = "How many children that counts; those in use are not among them.")
            long costCounts,

            @Schema(
                    types = {"boolean", "null"},
                    description =
                            "Whether the volume has room for as much; null where not all children are counted. What is shared (reflinks) takes less.")
            @Nullable
            Boolean hasRoom) {}
}
