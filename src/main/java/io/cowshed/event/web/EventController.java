package io.cowshed.event.web;

import io.cowshed.event.Event;
import io.cowshed.event.EventLog;
import io.cowshed.event.EventQuery;
import io.cowshed.event.EventSequence;
import io.cowshed.event.EventType;
import io.cowshed.http.Listing;
import io.cowshed.problem.Refuses;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.Pattern;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import tools.jackson.databind.json.JsonMapper;

/** Who did what. */
@RestController
@RequestMapping(path = "/api/v1/events", produces = MediaType.APPLICATION_JSON_VALUE)
@Tag(name = "events", description = "Who did what, when and from where")
class EventController {

    private final EventSequence sequence;
    private final EventLog log;
    private final JsonMapper json;

    EventController(EventSequence sequence, EventLog log, JsonMapper json) {
        this.sequence = sequence;
        this.log = log;
        this.json = json;
    }

    @GetMapping
    @Operation(
            operationId = "listEvents",
            summary = "List events",
            description =
                    "A page of the events that match every filter given, the newest first, those of all changes that"
                            + " were answered before. They can be neither changed nor removed, and are kept for as long as"
                            + " cowshed.events.keep says.")
    @Refuses({})
    Listing<EventView> list(
            @RequestParam(required = false) @Nullable Set<EventType> type,
            @Parameter(description = "The id of what they are about, an image's for example.")
                    @RequestParam(required = false)
                    @Nullable
                    UUID subject,
            @Parameter(description = "The name of the access token, or of a hook as hook:<name>.")
                    @RequestParam(required = false)
                    @Pattern(
                            regexp = "(?:hook:)?[A-Za-z0-9][A-Za-z0-9._@-]{0,127}",
                            message = "not the name of a token")
                    @Nullable
                    String principal,
            @Parameter(description = "At that time or later.") @RequestParam(required = false) @Nullable Instant since,
            @Parameter(description = "Before that time.") @RequestParam(required = false) @Nullable Instant until,
            @Parameter(description = "nextCursor of the page before.") @RequestParam(required = false) @Min(1) @Nullable
                    Long cursor,
            @RequestParam(defaultValue = "" + EventQuery.DEFAULT_LIMIT) @Min(1) @Max(EventQuery.MAX_LIMIT) int limit) {
        sequence.advance();
        List<Event> found = log.list(
                new EventQuery(type == null ? Set.of() : type, subject, principal, since, until, cursor, limit));
        boolean more = found.size() > limit;
        List<Event> page = more ? found.subList(0, limit) : found;
        return new Listing<>(
                page.stream().map(event -> EventView.of(event, json)).toList(),
                more ? Long.toString(page.getLast().position()) : null);
    }
}
