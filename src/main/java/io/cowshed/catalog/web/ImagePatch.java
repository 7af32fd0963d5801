package io.cowshed.catalog.web;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.cowshed.catalog.ImageChange;
import io.cowshed.catalog.ImageName;
import io.cowshed.http.Rfc3339;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.HashMap;
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
        Instant expiresAt) {

    /** Reads a patch; every field that it does not hold is null here, and takes no part in {@link #change}. */
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    static ImagePatch parse(ObjectNode patch) {
        String name = null;
        String description = null;
        Map<String, @Nullable String> labels = null;
        Boolean isProtected = null;
        Instant expiresAt = null;
        for (Map.Entry<String, JsonNode> field : patch.properties()) {
            JsonNode value = field.getValue();
            switch (field.getKey()) {
                case "name" -> name = text("name", value);
                case "description" -> description = value.isNull() ? "" : text("description", value);
                case "labels" -> labels = labels(value);
                case "protected" -> isProtected = flag(value);
                case "expiresAt" -> expiresAt = time(value);
                default ->
                    throw refuse(
                            "There is no field of that name here that can be changed.",
                            "Known here: description, expiresAt, labels, name, protected.");
            }
        }
        return new ImagePatch(name, description, labels, isProtected, expiresAt);
    }

    /** What it asks for. */
    ImageChange change() {
        return new ImageChange(
                name == null ? null : new ImageName(name),
                description,
                labels == null ? Map.of() : labels,
                isProtected,
                expiresAt);
    }

    private static Map<String, @Nullable String> labels(JsonNode value) {
        if (!value.isObject()) {
            throw refuse("labels must be an object.", "For example {\"labels\": {\"team\": \"net\", \"old\": null}}.");
        }
        Map<String, @Nullable String> labels = new HashMap<>();
        for (Map.Entry<String, JsonNode> label : value.properties()) {
            labels.put(label.getKey(), label.getValue().isNull() ? null : text("labels", label.getValue()));
        }
        return labels;
    }

    private static String text(String field, JsonNode value) {
        if (!value.isString()) {
            throw refuse("The field \"" + field + "\" takes text.", null);
        }
        return value.stringValue();
    }

    private static boolean flag(JsonNode value) {
        if (!value.isBoolean()) {
            throw refuse("The field \"protected\" takes true or false.", null);
        }
        return value.booleanValue();
    }

    private static Instant time(JsonNode value) {
        try {
            return Rfc3339.parse(text("expiresAt", value));
        } catch (DateTimeException e) {
            throw refuse("expiresAt takes a time such as 2027-01-31T12:00:00Z.", null);
        }
    }

    private static CowshedException refuse(String detail, @Nullable String action) {
        return new CowshedException(ProblemType.INVALID_REQUEST, detail, action);
    }
}
