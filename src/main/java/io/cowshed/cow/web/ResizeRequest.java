package io.cowshed.cow.web;

import io.cowshed.http.ByteSize;
import io.swagger.v3.oas.annotations.media.Schema;
import jakarta.validation.constraints.NotNull;
import org.jspecify.annotations.Nullable;

/** How long a disk is to be. */
record ResizeRequest(
        @Schema(
                types = {"integer", "string"},
                description = "In bytes or with a unit (\"20GiB\"), rounded up to whole sectors of 512 bytes.")
        @NotNull
        ByteSize virtualSize,

        @Schema(description = "Whether it may become shorter, where nothing is lost by that.") @Nullable
        Boolean shrink,

        @Schema(description = "Whether it may become shorter even where data is lost by that.") @Nullable
        Boolean force) {}
