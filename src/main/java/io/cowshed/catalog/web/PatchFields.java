package io.cowshed.catalog.web;

import io.cowshed.http.Rfc3339;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.cowshed.problem.Shown;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** The values of a merge patch (RFC 7396), each refused as INVALID_REQUEST where it is of another kind. */
final class PatchFields {

    private PatchFields() {}

    static Map<String, @Nullable String> labels(JsonNode value) {
        if (!value.isObject()) {
            throw refuse("labels must be an object.", "For example {\"labels\": {\"team\": \"net\", \"old\": null}}.");
        }
        Map<String, @Nullable String> labels = new HashMap<>();
        for (Map.Entry<String, JsonNode> label : value.properties()) {
            labels.put(label.getKey(), label.getValue().isNull() ? null : text("labels", label.getValue()));
        }
        return labels;
    }

    static String text(String field, JsonNode value) {
        if (!value.isString()) {
            throw refuse("The field \"" + field + "\" takes text.", null);
        }
        return value.stringValue();
    }

    static boolean flag(String field, JsonNode value) {
        if (!value.isBoolean()) {
            throw refuse("The field \"" + field + "\" takes true or false.", null);
        }
        return value.booleanValue();
    }

    static Instant time(String field, JsonNode value) {
        try {
            return Rfc3339.parse(text(field, value));
        } catch (DateTimeException e) {
            throw refuse(field + " takes a time such as 2027-01-31T12:00:00Z.", null);
        }
    }

    /** For a field that there is not. */
    static CowshedException unknown(String field, String known) {
        return refuse(
                "There is no field \"" + Shown.of(field) + "\" here that can be changed.",
                "Leave it out. Known here: " + known + ".");
    }

    static CowshedException refuse(String detail, @Nullable String action) {
        return new CowshedException(ProblemType.INVALID_REQUEST, detail, action);
    }
}
