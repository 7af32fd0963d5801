package io.cowshed.catalog.web;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.cowshed.catalog.ImageChange;
import io.cowshed.catalog.ImageName;
import io.cowshed.catalog.OnExpire;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What may be said anew about an image, as a merge patch (RFC 7396). It is read by hand, because there a null and a
 * missing field mean different things.
 */
@Schema(name = "ImagePatch")
record ImagePatch(
        @Nullable String name,

        @Schema(
                types = {"string", "null"},
                description = "Null takes it away.")
        @Nullable
        String description,

        @Schema(ref = "#/components/schemas/LabelChanges") @Nullable
        Map<String, @Nullable String> labels,

        @JsonProperty("protected") @Schema(description = "Whether the image refuses to be removed.") @Nullable
        Boolean isProtected,

        @Schema(description = "When a disposable image may be removed.") @Nullable
        Instant expiresAt,

        @Schema(description = "What becomes of a disposable image then.") @Nullable
        OnExpire onExpire,

        @Schema(
                types = {"object", "null"},
                description = "What is done before a disposable image goes, as {\"copy\": name}; null for nothing.")
        ImageChange.@Nullable Copy beforeDelete) {

    /** Reads a patch; every field that it does not hold is null here, and takes no part in {@link #change}. */
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    static ImagePatch parse(ObjectNode patch) {
        String name = null;
        String description = null;
        Map<String, @Nullable String> labels = null;
        Boolean isProtected = null;
        Instant expiresAt = null;
        OnExpire onExpire = null;
        ImageChange.Copy beforeDelete = null;
        for (Map.Entry<String, JsonNode> field : patch.properties()) {
            JsonNode value = field.getValue();
            switch (field.getKey()) {
                case "name" -> name = PatchFields.text("name", value);
                case "description" -> description = value.isNull() ? "" : PatchFields.text("description", value);
                case "labels" -> labels = PatchFields.labels(value);
                case "protected" -> isProtected = PatchFields.flag("protected", value);
                case "expiresAt" -> expiresAt = PatchFields.time("expiresAt", value);
                case "onExpire" -> onExpire = OnExpire.parse(PatchFields.text("onExpire", value));
                case "beforeDelete" -> beforeDelete = copy(value);
                default ->
                    throw PatchFields.unknown(
                            field.getKey(), "beforeDelete, description, expiresAt, labels, name, onExpire, protected");
            }
        }
        return new ImagePatch(name, description, labels, isProtected, expiresAt, onExpire, beforeDelete);
    }

    /** What it asks for. */
    ImageChange change() {
        return new ImageChange(
                name == null ? null : new ImageName(name),
                description,
                labels == null ? Map.of() : labels,
                isProtected,
                expiresAt,
                onExpire,
                beforeDelete);
    }

    private static ImageChange.Copy copy(JsonNode value) {
        if (value.isNull()) {
            return new ImageChange.Copy(null);
        }
        if (!value.isObject() || value.size() != 1 || !value.has("copy")) {
            throw PatchFields.refuse(
                    "beforeDelete must be null, or an object with a copy.", "For example {\"copy\": \"results-1\"}.");
        }
        return new ImageChange.Copy(new ImageName(PatchFields.text("copy", value.get("copy"))));
    }
}
