package io.cowshed.operation.web;

import io.cowshed.operation.Operation;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Makes {@link OperationView}s. */
@Component
class OperationViews {

    private final JsonMapper json;

    OperationViews(JsonMapper json) {
        this.json = json;
    }

    OperationView of(Operation operation) {
        return new OperationView(
                operation.id(),
                operation.kind(),
                operation.subject() == null
                        ? null
                        : new OperationView.Subject(operation.subject(), operation.subjectName()),
                operation.state(),
                operation.cancelRequested(),
                new OperationView.Progress(
                        operation.doneBytes(),
                        operation.totalBytes(),
                        operation.bytesPerSecond(),
                        operation.remaining()),
                tree(operation.result()),
                tree(operation.problem()),
                operation.attempt(),
                operation.createdAt(),
                operation.createdBy(),
                operation.startedAt(),
                operation.finishedAt());
    }

    private @Nullable JsonNode tree(@Nullable String text) {
        return text == null ? null : json.readTree(text);
    }
}
