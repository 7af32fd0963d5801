package io.cowshed.catalog.web;

import com.fasterxml.jackson.annotation.JsonCreator;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What may be said anew about a family, as a merge patch (RFC 7396). */
@Schema(name = "FamilyPatch")
record FamilyPatch(
        @Schema(
                types = {"string", "null"},
                description = "Null takes it away.")
        @Nullable
        String description,

        @Schema(ref = "#/components/schemas/LabelChanges") @Nullable
        Map<String, @Nullable String> labels) {

    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    static FamilyPatch parse(ObjectNode patch) {
        String description = null;
        Map<String, @Nullable String> labels = null;
        for (Map.Entry<String, JsonNode> field : patch.properties()) {
            JsonNode value = field.getValue();
            switch (field.getKey()) {
                case "description" -> description = value.isNull() ? "" : PatchFields.text("description", value);
                case "labels" -> labels = PatchFields.labels(value);
                default -> throw PatchFields.unknown(field.getKey(), "description, labels");
            }
        }
        return new FamilyPatch(description, labels);
    }
}
