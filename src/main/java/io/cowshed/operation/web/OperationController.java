package io.cowshed.operation.web;

import io.cowshed.http.Listing;
import io.cowshed.operation.Operation;
import io.cowshed.operation.OperationQuery;
import io.cowshed.operation.OperationState;
import io.cowshed.operation.Operations;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.cowshed.problem.Refuses;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Shows operations, waits for them and cancels them. */
@RestController
@RequestMapping(path = "/api/v1/operations", produces = MediaType.APPLICATION_JSON_VALUE)
@Tag(name = "operations", description = "Work that takes time")
class OperationController {

    private final Operations operations;
    private final OperationViews views;
    private final OperationAnswers answers;
    private final EventStreams events;

    OperationController(Operations operations, OperationViews views, OperationAnswers answers, EventStreams events) {
        this.operations = operations;
        this.views = views;
        this.answers = answers;
        this.events = events;
    }

    @GetMapping
    @io.swagger.v3.oas.annotations.Operation(
            operationId = "listOperations",
            summary = "List operations",
            description = "A page of the operations that match every filter given, the newest first.")
    @Refuses({})
    Listing<OperationView> list(
            @RequestParam(required = false) @Nullable Set<OperationState> state,
            @Parameter(description = "The verb.", example = "redirect") @RequestParam(required = false) @Nullable
                    String kind,
            @Parameter(description = "The id of the image that they are about.")
                    @RequestParam(required = false)
                    @Nullable
                    UUID image,
            @Parameter(description = "nextCursor of the page before.") @RequestParam(required = false) @Nullable
                    UUID cursor,
            @RequestParam(defaultValue = "" + OperationQuery.DEFAULT_LIMIT) @Min(1) @Max(OperationQuery.MAX_LIMIT)
                    int limit) {
        List<Operation> found =
                operations.list(new OperationQuery(state == null ? Set.of() : state, kind, image, cursor, limit));
        boolean more = found.size() > limit;
        List<Operation> page = more ? found.subList(0, limit) : found;
        return new Listing<>(
                page.stream().map(views::of).toList(),
                more ? page.getLast().id().toString() : null);
    }

    @GetMapping("/{id}")
    @io.swagger.v3.oas.annotations.Operation(
            operationId = "getOperation",
            summary = "Show an operation",
            description = "At once, or with Prefer: wait=N when it is over.")
    @Refuses(ProblemType.NOT_FOUND)
    ResponseEntity<OperationView> show(
            @PathVariable String id,
            @Prefer @RequestHeader(name = "Prefer", required = false) @Nullable String prefer) {
        return answers.show(operations.find(parse(id)), prefer);
    }

    @GetMapping(path = "/{id}/events", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
    @io.swagger.v3.oas.annotations.Operation(
            operationId = "followOperation",
            summary = "Follow an operation",
            description =
                    "Server-sent events, each of which has the operation as its data: \"progress\" whenever it has"
                            + " changed, about once a second, and \"end\" when it is over; then the stream ends. A client that"
                            + " comes back with Last-Event-ID gets only what has changed since.")
    @ApiResponse(
            responseCode = "200",
            description = "The events",
            content = @Content(mediaType = MediaType.TEXT_EVENT_STREAM_VALUE, schema = @Schema(type = "string")))
    @Refuses(ProblemType.NOT_FOUND)
    void follow(
            @PathVariable String id,
            @Parameter(description = "The id of the last event that the client got.")
                    @RequestHeader(name = "Last-Event-ID", required = false)
                    @Nullable
                    String lastEventId,
            HttpServletResponse response)
            throws IOException {
        events.send(operations.find(parse(id)), lastEventId, response);
    }

    @PostMapping("/{id}/cancel")
    @io.swagger.v3.oas.annotations.Operation(
            operationId = "cancelOperation",
            summary = "Give an operation up",
            description = "One that waits is over at once. One that runs stops within about a second, and deletes what"
                    + " it has made; past the point where that is possible it goes on to its end. Cancelling it twice"
                    + " changes nothing.")
    @Refuses({ProblemType.NOT_FOUND, ProblemType.OPERATION_FINISHED})
    ResponseEntity<OperationView> cancel(@PathVariable String id) {
        UUID operation = parse(id);
        return answers.change(() -> operations.cancel(operation));
    }

    private static UUID parse(String id) {
        try {
            return UUID.fromString(id);
        } catch (IllegalArgumentException e) {
            throw new CowshedException(
                    ProblemType.NOT_FOUND,
                    "There is no such operation: their ids are UUIDs.",
                    "List those there are: GET /api/v1/operations.",
                    e);
        }
    }
}
