package io.cowshed.audit;

import io.swagger.v3.oas.annotations.media.Schema;

/** How many of a kind there were. */
@Schema(name = "AuditCount", description = "How many findings of a kind there were.")
public record KindCount(
        @Schema(description = "A later version may know more.", example = "mode")
        String kind,

        long found,

        @Schema(description = "How many of them were mended.")
        long mended) {}
