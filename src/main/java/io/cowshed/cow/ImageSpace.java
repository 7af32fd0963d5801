package io.cowshed.cow;

import io.swagger.v3.oas.annotations.media.Schema;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What an image takes on the volume, and what it would take to free it of its parents. */
@Schema(description = "Sizes are in bytes. What a running QEMU keeps from being read is null.")
public record ImageSpace(
        UUID id,
        String name,

        @Schema(description = "The length of the disk that the guest sees.")
        long virtualSize,

        @Schema(description = "What its own file takes on the volume now.")
        long allocatedSize,

        @Schema(
                types = {"integer", "null"},
                format = "int64",
                description =
                        "The part of that which no other file shares (reflinks); null where the file system does not say.")
        @Nullable
        Long exclusiveSize,

        @Schema(
                types = {"integer", "null"},
                format = "int64",
                description =
                        "What the volume gets back when its file is removed: the exclusive part. It cannot be removed while it has children.")
        @Nullable
        Long freedIfRemoved,

        @Schema(
                types = {"integer", "null"},
                format = "int64",
                description = "How much of the guest's disk is read as data from its ancestors' files.")
        @Nullable
        Long sharedWithAncestors,

        @Schema(
                types = {"integer", "null"},
                format = "int64",
                description = "What redirecting it would copy or compare; null for a base.")
        @Nullable
        Long costToRedirect,

        @Schema(
                types = {"integer", "null"},
                format = "int64",
                description = "What splitting it would copy; null for a base.")
        @Nullable
        Long costToSplit,

        @Schema(description = "Whether a running QEMU writes to it.")
        boolean inUse) {}
