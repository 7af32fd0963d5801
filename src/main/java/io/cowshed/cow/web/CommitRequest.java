package io.cowshed.cow.web;

import io.cowshed.catalog.web.NewImageFields;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The image that a commit makes, and what becomes of the one that it follows. */
record CommitRequest(
        @Schema(
                description = "The name of the new parent; with a version, by default the family's and the version's.",
                example = "debian-12-patched")
        @Nullable
        String name,

        @Schema(
                description =
                        "As which version of its old parent's family it is published. Without that, it only has a name.",
                example = "2026-11-20")
        @Nullable
        String version,

        @Schema(description = "At most 2000 characters.") @Nullable
        String description,

        @Nullable Map<String, String> labels,

        @Schema(
                description =
                        "Whether the old parent is to be removed with the last of its children; with a version, whether its own is deprecated and replaced by that.",
                defaultValue = "false")
        @Nullable
        Boolean retire) {

    NewImageFields fields() {
        return NewImageFields.persistent(description, labels);
    }
}
