package io.cowshed.catalog.web;

import com.fasterxml.jackson.annotation.JsonCreator;
import io.cowshed.catalog.FamilyName;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.VersionChange;
import io.cowshed.catalog.VersionChange.Setting;
import io.cowshed.catalog.VersionName;
import io.cowshed.catalog.VersionState;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What may be said anew about a version, as a merge patch (RFC 7396). */
@Schema(name = "VersionPatch")
record VersionPatch(
        @Schema(
                types = {"string", "null"},
                description = "Null takes them away.")
        @Nullable
        String notes,

        @Schema(
                description =
                        "What it is to be at once. deprecated: cloning it warns, and it is not the latest; obsolete: it is not cloned any more.")
        @Nullable
        VersionState state,

        @Schema(
                implementation = String.class,
                types = {"string", "null"},
                format = "date-time",
                description = "From when on it is deprecated, which may be yet to come; null for never.")
        @Nullable
        Setting<Instant> deprecatedAt,

        @Schema(
                implementation = String.class,
                types = {"string", "null"},
                format = "date-time",
                description = "From when on it is obsolete, which may be yet to come; null for never.")
        @Nullable
        Setting<Instant> obsoleteAt,

        @Schema(
                implementation = String.class,
                types = {"string", "null"},
                description = "What to use instead: a version of the same family, or family:version; null for nothing.",
                example = "2026-11-27")
        @Nullable
        Setting<String> replacement) {

    /** Reads a patch; every field that it does not hold is null here, and takes no part in {@link #change}. */
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    static VersionPatch parse(ObjectNode patch) {
        String notes = null;
        VersionState state = null;
        Setting<Instant> deprecatedAt = null;
        Setting<Instant> obsoleteAt = null;
        Setting<String> replacement = null;
        for (Map.Entry<String, JsonNode> field : patch.properties()) {
            JsonNode value = field.getValue();
            switch (field.getKey()) {
                case "notes" -> notes = value.isNull() ? "" : PatchFields.text("notes", value);
                case "state" -> state = VersionState.parse(PatchFields.text("state", value));
                case "deprecatedAt" -> deprecatedAt = time("deprecatedAt", value);
                case "obsoleteAt" -> obsoleteAt = time("obsoleteAt", value);
                case "replacement" ->
                    replacement = new Setting<>(value.isNull() ? null : PatchFields.text("replacement", value));
                default ->
                    throw PatchFields.unknown(field.getKey(), "deprecatedAt, notes, obsoleteAt, replacement, state");
            }
        }
        return new VersionPatch(notes, state, deprecatedAt, obsoleteAt, replacement);
    }

    /** What it asks for, of a version of this family. */
    VersionChange change(FamilyName family) {
        return new VersionChange(
                notes,
                state,
                deprecatedAt,
                obsoleteAt,
                replacement == null
                        ? null
                        : new Setting<>(replacement.value() == null ? null : named(family, replacement.value())));
    }

    private static ImageRef.ByVersion named(FamilyName family, String text) {
        int colon = text.indexOf(':');
        return colon < 0
                ? new ImageRef.ByVersion(family, new VersionName(text))
                : new ImageRef.ByVersion(
                        new FamilyName(text.substring(0, colon)), new VersionName(text.substring(colon + 1)));
    }

    private static Setting<Instant> time(String field, JsonNode value) {
        return new Setting<>(value.isNull() ? null : PatchFields.time(field, value));
    }
}
