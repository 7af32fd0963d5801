package io.cowshed.cow.web;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import tools.jackson.databind.JsonNode;

/** YAML as a request may write it: as text, or as the object that it stands for. */
record YamlText(@JsonValue String text) {

    /** @throws CowshedException of type INVALID_REQUEST when it is neither */
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    static YamlText of(JsonNode value) {
        if (value.isString()) {
            return new YamlText(value.stringValue());
        }
        if (value.isObject()) {
            return new YamlText(value.toString());
        }
        throw new CowshedException(
                ProblemType.INVALID_REQUEST,
                "metaData and networkConfig are neither text nor objects.",
                "Write YAML as text, or an object.");
    }
}
