package io.cowshed.attachment;

import io.swagger.v3.oas.annotations.media.Schema;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What an image's file had become without the catalogue: somebody resized it, streamed its backing file into it, or gave it
 * another. The catalogue has taken it over, but for a fault.
 *
 * @param virtualSizeBefore in bytes
 * @param virtualSize in bytes
 * @param parentBefore null for none
 * @param parent null for none
 * @param backingFile what the file names as its backing; null for nothing
 * @param fault why the image cannot be used any more; null where it can
 */
public record Drift(
        long virtualSizeBefore,
        long virtualSize,

        @Schema(
                types = {"string", "null"},
                format = "uuid")
        @Nullable
        UUID parentBefore,

        @Schema(
                types = {"string", "null"},
                format = "uuid")
        @Nullable
        UUID parent,

        @Schema(
                types = {"string", "null"},
                description = "What the file names as its backing; null for nothing.")
        @Nullable
        String backingFile,

        @Schema(
                types = {"string", "null"},
                description = "Why the image cannot be used any more; null where it can.")
        @Nullable
        String fault) {}
