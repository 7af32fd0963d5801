package io.cowshed.operation;

import io.cowshed.event.EventType;
import io.cowshed.event.Events;
import io.cowshed.event.Subject;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Tells what becomes of operations, in the transaction that ends them. */
@Component
class OperationEvents {

    private final Events events;
    private final JsonMapper json;

    OperationEvents(Events events, JsonMapper json) {
        this.events = events;
        this.json = json;
    }

    /**
     * Tells that an operation is over.
     *
     * @param problem in JSON; null unless it has failed
     */
    void finished(Operation operation, OperationState state, @Nullable String problem) {
        Map<String, @Nullable Object> data = new LinkedHashMap<>();
        data.put("state", state);
        data.put(
                "image",
                operation.subject() == null
                        ? null
                        : Map.of("id", operation.subject(), "name", operation.subjectName()));
        data.put("createdBy", operation.createdBy());
        data.put("problem", problem == null ? null : summary(json.readTree(problem)));
        events.raise(
                EventType.OPERATION_FINISHED,
                new Subject(Subject.Kind.OPERATION, operation.id(), operation.kind()),
                data);
    }

    /** The operation itself has all of it. */
    private static Map<String, String> summary(JsonNode problem) {
        return Map.of(
                "type", problem.path("type").asString(""),
                "title", problem.path("title").asString(""),
                "detail", problem.path("detail").asString(""));
    }
}
