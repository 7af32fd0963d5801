package io.cowshed.operation;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemRenderer;
import java.util.Map;
import java.util.UUID;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** What operations are asked, what has come of them, and why they failed, as their rows keep it. */
@Component
class OperationJson {

    /** Of what is kept of a failure, in characters. */
    private static final int LONGEST_PROBLEM = 16_384;

    /** Of one member of it then. */
    private static final int LONGEST_TEXT = 2_000;

    private final JsonMapper json;

    OperationJson(JsonMapper json) {
        this.json = json;
    }

    String of(Object value) {
        return json.writeValueAsString(value);
    }

    /** Why it failed. Members that name very many things are left out: lists hold many operations. */
    String problem(UUID operation, CowshedException problem) {
        Map<String, Object> members = ProblemRenderer.members(problem, "/api/v1/operations/" + operation);
        String told = json.writeValueAsString(members);
        if (told.length() > LONGEST_PROBLEM) {
            members.keySet().removeAll(problem.members().keySet());
            members.replaceAll((_, value) -> value instanceof String text && text.length() > LONGEST_TEXT
                    ? text.substring(0, LONGEST_TEXT) + "…"
                    : value);
            return json.writeValueAsString(members);
        }
        return told;
    }
}
