package io.cowshed.notify.web;

import com.fasterxml.jackson.annotation.JsonCreator;
import io.cowshed.notify.EventFilter;
import io.cowshed.notify.SubscriptionChange;
import io.cowshed.notify.SubscriptionState;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** What is to change about a subscription, as a merge patch (RFC 7396), read by hand: a null takes a filter away. */
@Schema(name = "SubscriptionPatch")
record SubscriptionPatch(
        @Nullable String url,
        @Nullable String description,

        @Schema(types = {"array", "null"}) @Nullable List<String> types,

        @Schema(
                types = {"string", "null"},
                format = "uuid")
        @Nullable
        String subject,

        @Schema(types = {"string", "null"}) @Nullable String labels,

        @Schema(
                description = "active or paused.",
                allowableValues = {"active", "paused"})
        @Nullable
        String state,

        @Schema(hidden = true) ObjectNode patch) {

    private static final int LONGEST_LABELS = 4000;

    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    static SubscriptionPatch parse(ObjectNode patch) {
        for (Map.Entry<String, JsonNode> field : patch.properties()) {
            boolean fits = switch (field.getKey()) {
                case "url", "description", "state" -> field.getValue().isString();
                case "subject", "labels" ->
                    field.getValue().isString() || field.getValue().isNull();
                case "types" -> isTexts(field.getValue());
                default -> false;
            };
            if (!fits) {
                throw refuse("There is something here that cannot be changed, or not to that.");
            }
        }
        return new SubscriptionPatch(
                text(patch, "url"),
                text(patch, "description"),
                patch.path("types").isArray() ? texts(patch.path("types")) : null,
                text(patch, "subject"),
                text(patch, "labels"),
                text(patch, "state"),
                patch);
    }

    SubscriptionChange change() {
        SubscriptionState wanted = state == null
                ? null
                : switch (state) {
                    case "active" -> SubscriptionState.ACTIVE;
                    case "paused" -> SubscriptionState.PAUSED;
                    default -> throw refuse("The state can be made active or paused.");
                };
        if (labels != null && labels.length() > LONGEST_LABELS) {
            throw refuse("The labels have more than " + LONGEST_LABELS + " characters.");
        }
        UUID about = uuid();
        return new SubscriptionChange(
                url,
                description,
                before -> new EventFilter(
                        patch.has("types")
                                ? types == null ? List.of() : EventFilter.requireTypes(types)
                                : before.types(),
                        patch.has("subject") ? about : before.subject(),
                        patch.has("labels") ? EventFilter.requireSelector(labels) : before.labels()),
                wanted);
    }

    private @Nullable UUID uuid() {
        try {
            return subject == null ? null : UUID.fromString(subject);
        } catch (IllegalArgumentException _) {
            throw refuse("The subject is not an id.");
        }
    }

    private static boolean isTexts(JsonNode value) {
        return value.isNull() || (value.isArray() && value.valueStream().allMatch(JsonNode::isString));
    }

    private static List<String> texts(JsonNode array) {
        return array.valueStream().map(JsonNode::stringValue).toList();
    }

    private static @Nullable String text(ObjectNode patch, String field) {
        JsonNode value = patch.path(field);
        return value.isString() ? value.stringValue() : null;
    }

    private static CowshedException refuse(String detail) {
        return new CowshedException(
                ProblemType.INVALID_REQUEST,
                detail,
                "Known here: description, labels, state (active or paused), subject, types, url.");
    }
}
