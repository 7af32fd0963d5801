package io.cowshed.pool.web;

import io.cowshed.catalog.Lifetime;
import io.cowshed.catalog.OnExpire;
import io.cowshed.catalog.web.BeforeDelete;
import io.cowshed.catalog.web.NewImageFields;
import io.swagger.v3.oas.annotations.media.Schema;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotBlank;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a clone is to be for the one who takes it. */
@Schema(name = "ClaimRequest")
record ClaimRequest(
        @Schema(description = "Of the form of an image's name.", example = "job-4711") @NotBlank
        String name,

        @Schema(description = "At most 2000 characters.") @Nullable
        String description,

        @Nullable Map<String, String> labels,

        @Schema(description = "disposable by default where there is a ttl, else persistent.") @Nullable
        Lifetime lifetime,

        @Schema(
                description = "How long a disposable clone lives from now on, as an ISO 8601 duration.",
                types = "string",
                format = "duration",
                example = "PT8H")
        @Nullable
        Duration ttl,

        @Schema(description = "What becomes of a disposable clone then.", defaultValue = "trash") @Nullable
        OnExpire onExpire,

        @Valid @Nullable BeforeDelete beforeDelete) {

    NewImageFields fields() {
        return new NewImageFields(description, labels, lifetime, ttl, onExpire, beforeDelete);
    }
}
