package io.cowshed.notify.web;

import io.cowshed.database.Transactions;
import io.cowshed.event.EventSequence;
import io.cowshed.http.Answers;
import io.cowshed.http.Listing;
import io.cowshed.notify.Deliveries;
import io.cowshed.notify.Delivery;
import io.cowshed.notify.DeliveryState;
import io.cowshed.notify.Subscription;
import io.cowshed.notify.Subscriptions;
import io.cowshed.problem.ProblemType;
import io.cowshed.problem.Refuses;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** What is sent to subscriptions, and has it sent again. */
@RestController
@RequestMapping(path = "/api/v1/subscriptions/{id}", produces = MediaType.APPLICATION_JSON_VALUE)
@Tag(name = "subscriptions")
class DeliveryController {

    private static final String RETRY_AFTER_SECONDS = "1";
    private static final int DEFAULT_LIMIT = 100;

    private final Subscriptions subscriptions;
    private final Deliveries deliveries;
    private final EventSequence sequence;
    private final Answers answers;
    private final Transactions transactions;

    DeliveryController(
            Subscriptions subscriptions,
            Deliveries deliveries,
            EventSequence sequence,
            Answers answers,
            Transactions transactions) {
        this.subscriptions = subscriptions;
        this.deliveries = deliveries;
        this.sequence = sequence;
        this.answers = answers;
        this.transactions = transactions;
    }

    /** From when on to send everything again. */
    record Since(
            @Schema(description = "Events of that time or later.") @NotNull
            Instant since) {}

    @GetMapping("/deliveries")
    @Operation(
            operationId = "listDeliveries",
            summary = "List what is sent to a subscription",
            description =
                    "A page of its deliveries, the newest first; state=dead for those that were given up. Those that"
                            + " are over are kept for as long as cowshed.subscriptions.keep-deliveries says.")
    @Refuses(ProblemType.NOT_FOUND)
    Listing<DeliveryView> list(
            @PathVariable UUID id,
            @RequestParam(required = false) @Nullable DeliveryState state,
            @Parameter(description = "nextCursor of the page before.") @RequestParam(required = false) @Nullable
                    UUID cursor,
            @RequestParam(defaultValue = "" + DEFAULT_LIMIT) @Min(1) @Max(Deliveries.MAX_LIMIT) int limit) {
        Subscription subscription = subscriptions.find(id);
        List<Delivery> found = deliveries.list(subscription.id(), state, cursor, limit);
        boolean more = found.size() > limit;
        List<Delivery> page = more ? found.subList(0, limit) : found;
        return new Listing<>(
                page.stream().map(DeliveryView::of).toList(),
                more ? page.getLast().id().toString() : null);
    }

    @PostMapping("/deliveries/{delivery}/replay")
    @Operation(
            operationId = "replayDelivery",
            summary = "Send something again",
            description = "Now, whatever became of it. The receiver can tell by webhook-id that it is the same.")
    @Refuses(ProblemType.NOT_FOUND)
    ResponseEntity<DeliveryView> replay(@PathVariable UUID id, @PathVariable UUID delivery) {
        return transactions.write(() -> {
            Delivery again = deliveries.replay(id, delivery);
            return answers.changed(DeliveryView.of(again), again.attempts());
        });
    }

    @PostMapping("/replay")
    @ResponseStatus(HttpStatus.ACCEPTED)
    @Operation(
            operationId = "replaySubscription",
            summary = "Send everything since a time again",
            description =
                    "All events that the subscription wants now, whether they were sent before or not. It is done in"
                            + " the background, and the deliveries show how far it is.")
    @Refuses({ProblemType.NOT_FOUND, ProblemType.SUBSCRIPTION_NOT_ACTIVE})
    ResponseEntity<SubscriptionView> replaySince(@PathVariable UUID id, @Valid @RequestBody Since request) {
        sequence.advance();
        return accepted(() -> subscriptions.replay(id, request.since()));
    }

    @PostMapping("/test")
    @ResponseStatus(HttpStatus.ACCEPTED)
    @Operation(
            operationId = "testSubscription",
            summary = "See whether a subscription works",
            description = "Sends it, whatever it asks for, and no other, an event of type subscription.tested. The"
                    + " deliveries show what came of it.")
    @Refuses({ProblemType.NOT_FOUND, ProblemType.SUBSCRIPTION_NOT_ACTIVE})
    ResponseEntity<SubscriptionView> test(@PathVariable UUID id) {
        return accepted(() -> subscriptions.test(id));
    }

    private ResponseEntity<SubscriptionView> accepted(Supplier<Subscription> work) {
        return transactions.write(() -> {
            Subscription subscription = work.get();
            return answers.accepted(
                    URI.create(SubscriptionController.location(subscription) + "/deliveries"),
                    SubscriptionView.of(subscription),
                    RETRY_AFTER_SECONDS);
        });
    }
}
