package io.cowshed.notify.web;

import io.cowshed.notify.EventFilter;
import io.swagger.v3.oas.annotations.media.Schema;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Size;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A subscription to be. */
record NewSubscription(
        @Schema(description = "Where events are sent to.", example = "https://example.com/hook")
        @NotNull
        @Size(max = 2000)
        String url,

        @Nullable @Size(max = 2000) String description,

        @Schema(
                description =
                        "Which events: image.sealed, image.* for all about images, * for all; all, when left out.",
                example = "[\"image.*\", \"operation.finished\"]")
        @Nullable
        @Size(max = 32)
        List<@NotNull String> types,

        @Schema(description = "The id of what they must be about, an image's for example; anything, when left out.")
        @Nullable
        UUID subject,

        @Schema(
                description = "Labels that the image must have, as in lists: key=value, key!=value, key or !key, joined"
                        + " with commas. Then there is nothing to be told but of images.",
                example = "team=net")
        @Nullable
        @Size(max = 4000)
        String labels,

        @Schema(
                description =
                        "What signatures are made with: whsec_ and the base64 of 24 to 64 bytes; one is made, when"
                                + " left out.")
        @Nullable
        @Size(max = 128)
        String secret) {

    EventFilter filter() {
        return EventFilter.wanted(types == null ? List.of() : types, subject, labels);
    }

    /** Without the secret. */
    @Override
    public String toString() {
        return "NewSubscription[" + types + "]";
    }
}
