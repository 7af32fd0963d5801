package io.cowshed.operation.web;

import io.cowshed.operation.OperationState;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** An operation as the API shows it. */
@Schema(name = "Operation", description = "Work that takes time. Sizes are in bytes.")
public record OperationView(
        UUID id,

        @Schema(description = "The verb.", example = "redirect")
        String kind,

        @Nullable Subject image,
        OperationState state,

        @Schema(description = "Whether somebody has asked to give it up.")
        boolean cancelRequested,

        Progress progress,

        @Schema(
                types = {"object", "null"},
                description = "What came of it; depends on the kind. Null unless it has succeeded.")
        @Nullable
        Object result,

        @Schema(
                types = {"object", "null"},
                description = "Why it failed, an RFC 9457 problem. Null unless it has failed.")
        @Nullable
        Object problem,

        @Schema(description = "How often it was begun: more than once where a replica died on the way.")
        long attempts,

        Instant createdAt,

        @Schema(description = "The name of the access token that asked for it.")
        String createdBy,

        @Schema(
                types = {"string", "null"},
                format = "date-time")
        @Nullable
        Instant startedAt,

        @Schema(
                types = {"string", "null"},
                format = "date-time")
        @Nullable
        Instant finishedAt) {

    /** The image that an operation is about; null where that is the volume as a whole. */
    @Schema(name = "OperationImage")
    public record Subject(
            UUID id,

            @Schema(description = "Its name when the operation was asked for.")
            String name) {}

    /** How far an operation is. */
    @Schema(name = "Progress")
    public record Progress(
            long doneBytes,

            @Schema(
                    types = {"integer", "null"},
                    format = "int64",
                    description = "How much there is to do; null until that is known.")
            @Nullable
            Long totalBytes,

            @Schema(
                    types = {"integer", "null"},
                    format = "int64",
                    description = "The speed of the last seconds; null unless it is running.")
            @Nullable
            Long bytesPerSecond,

            @Schema(
                    types = {"string", "null"},
                    format = "duration",
                    example = "PT42S",
                    description = "How much longer it takes at that speed; null where that cannot be told.")
            @Nullable
            Duration remaining) {}
}
