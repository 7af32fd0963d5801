package io.cowshed.notify.web;

import io.cowshed.notify.Subscription;
import io.cowshed.notify.SubscriptionState;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A subscription as the API shows it: never its secret. */
@Schema(name = "Subscription", description = "Somebody who is told what happens.")
record SubscriptionView(
        UUID id,
        String url,
        String description,

        @Schema(description = "Which events; empty for all.")
        List<String> types,

        @Schema(
                types = {"string", "null"},
                format = "uuid",
                description = "What they must be about; null for anything.")
        @Nullable
        UUID subject,

        @Schema(
                types = {"string", "null"},
                description = "Labels that the image must have; null for anything.")
        @Nullable
        String labels,

        @Schema(
                description = "active; paused, by a PATCH: what happens meanwhile is kept for it; or disabled, by the"
                        + " service: of what happens meanwhile nothing is kept.")
        SubscriptionState state,

        @Schema(types = {"string", "null"}) @Nullable String disabledReason,

        @Schema(description = "How many attempts have failed since the last that did not.")
        int failures,

        @Schema(
                types = {"string", "null"},
                format = "date-time")
        @Nullable
        Instant failingSince,

        @Schema(
                types = {"string", "null"},
                format = "date-time",
                description = "Until when everything is signed with the secret before this one, too.")
        @Nullable
        Instant previousSecretUntil,

        @Schema(description = "Whether what has happened before is being gone through again.")
        boolean replaying,

        Instant createdAt,
        String createdBy,
        Instant updatedAt) {

    static SubscriptionView of(Subscription subscription) {
        return new SubscriptionView(
                subscription.id(),
                subscription.url(),
                subscription.description(),
                subscription.filter().types(),
                subscription.filter().subject(),
                subscription.filter().labels(),
                subscription.state(),
                subscription.disabledReason(),
                subscription.failures(),
                subscription.failingSince(),
                subscription.previousUntil(),
                subscription.replaying(),
                subscription.createdAt(),
                subscription.createdBy(),
                subscription.updatedAt());
    }
}
