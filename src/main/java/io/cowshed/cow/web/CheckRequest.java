package io.cowshed.cow.web;

import io.cowshed.cow.Checking;
import io.swagger.v3.oas.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** What to mend. */
record CheckRequest(
        @Schema(
                description =
                        "none: only look; leaks: give back space that is counted as used and is not; all: whatever can"
                                + " be mended.",
                allowableValues = {"none", "leaks", "all"},
                defaultValue = "none")
        Checking.@Nullable Repair repair) {}
