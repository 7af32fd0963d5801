package io.cowshed.cow.web;

import io.cowshed.catalog.web.NewImageFields;
import io.swagger.v3.oas.annotations.media.Schema;
import jakarta.validation.constraints.NotBlank;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The image that a snapshot or a commit makes, and that the image then lies on. */
@Schema(name = "NewParent")
record NewParentRequest(
        @Schema(description = "The name of the new parent.", example = "web-1-before-upgrade") @NotBlank
        String name,

        @Schema(description = "At most 2000 characters.") @Nullable
        String description,

        @Nullable Map<String, String> labels) {

    NewImageFields fields() {
        return NewImageFields.persistent(description, labels);
    }
}
