package io.cowshed.event.web;

import io.cowshed.event.Event;
import io.cowshed.event.Subject;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** An event as the API shows it, and as subscribers are sent it. */
@Schema(name = "Event", description = "Something that was done.")
public record EventView(
        UUID id,

        @Schema(description = "Its place among all events: whatever is committed later has a greater one.")
        long position,

        @Schema(
                description =
                        "What was done: one of the types that lists can be filtered by, or one that a later version knows.",
                example = "image.sealed")
        String type,

        Subject subject,

        @Schema(
                description =
                        "The name of the access token that did it, or asked for it; hook:<name> of a hook; cowshed, when nobody asked.")
        String principal,

        @Schema(
                types = {"string", "null"},
                description = "The X-Request-Id of the call; null where it had none, or there was no call.")
        @Nullable
        String requestId,

        @Schema(
                types = {"string", "null"},
                description = "Where the call came from; null where there was none.")
        @Nullable
        String remoteAddress,

        Instant time,

        @Schema(types = "object", description = "What else there is to say; depends on the type.")
        Object data) {

    public static EventView of(Event event, JsonMapper json) {
        return new EventView(
                event.id(),
                event.position(),
                event.type(),
                event.subject(),
                event.actor().principal(),
                event.actor().requestId(),
                event.actor().remoteAddress(),
                event.time(),
                json.readTree(event.data()));
    }
}
