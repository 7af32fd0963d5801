package io.cowshed.notify.web;

import io.cowshed.notify.Delivery;
import io.cowshed.notify.DeliveryState;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A delivery as the API shows it. */
@Schema(name = "Delivery", description = "An event on its way to a subscription, or there.")
record DeliveryView(
        UUID id,

        @Schema(description = "The id of the event, which is sent as webhook-id.")
        UUID event,

        @Schema(description = "Of the event.", example = "image.sealed")
        String type,

        @Schema(
                description =
                        "pending: it is sent when it is due. delivered: the receiver has answered with success. dead:"
                                + " it was tried for as long as cowshed.subscriptions.retry-for; a replay sends it again.")
        DeliveryState state,

        @Schema(description = "How often it was begun to be sent.")
        long attempts,

        Instant createdAt,

        @Schema(
                types = {"string", "null"},
                format = "date-time",
                description = "When it is sent next; null unless it is pending.")
        @Nullable
        Instant dueAt,

        @Schema(
                types = {"string", "null"},
                format = "date-time",
                description = "When it was delivered or given up; null while it is pending.")
        @Nullable
        Instant endedAt,

        @Schema(
                types = {"string", "null"},
                format = "date-time",
                description = "When the last attempt ended; null before the first, as all that follows.")
        @Nullable
        Instant lastAt,

        @Schema(
                types = {"integer", "null"},
                format = "int32",
                description = "The status that the receiver answered with; null where it did not answer.")
        @Nullable
        Integer lastStatus,

        @Schema(
                types = {"integer", "null"},
                format = "int64")
        @Nullable
        Long lastMillis,

        @Schema(
                types = {"string", "null"},
                description = "Why it was no success; null if it was.")
        @Nullable
        String lastError,

        @Schema(
                types = {"string", "null"},
                description = "How the answer of the receiver begins.")
        @Nullable
        String lastAnswer) {

    static DeliveryView of(Delivery delivery) {
        Delivery.Attempt last = delivery.last();
        return new DeliveryView(
                delivery.id(),
                delivery.event(),
                delivery.type(),
                delivery.state(),
                delivery.attempts(),
                delivery.createdAt(),
                delivery.dueAt(),
                delivery.endedAt(),
                last == null ? null : last.at(),
                last == null ? null : last.status(),
                last == null ? null : last.millis(),
                last == null ? null : last.error(),
                last == null ? null : last.answer());
    }
}
