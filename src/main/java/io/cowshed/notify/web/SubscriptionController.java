package io.cowshed.notify.web;

import io.cowshed.database.Transactions;
import io.cowshed.event.EventSequence;
import io.cowshed.http.Answers;
import io.cowshed.http.EntityTag;
import io.cowshed.http.Listing;
import io.cowshed.notify.Subscription;
import io.cowshed.notify.SubscriptionChange;
import io.cowshed.notify.Subscriptions;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.cowshed.problem.Refuses;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Size;
import java.net.URI;
import java.security.Principal;
import java.time.Duration;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Who is told what happens, for administrators. */
@RestController
@RequestMapping(path = "/api/v1/subscriptions", produces = MediaType.APPLICATION_JSON_VALUE)
@Tag(name = "subscriptions", description = "Who is told what happens")
class SubscriptionController {

    private static final Duration KEEP_PREVIOUS = Duration.ofDays(1);
    private static final Duration LONGEST_KEEP_PREVIOUS = Duration.ofDays(30);

    private final Subscriptions subscriptions;
    private final EventSequence sequence;
    private final Answers answers;
    private final Transactions transactions;

    SubscriptionController(
            Subscriptions subscriptions, EventSequence sequence, Answers answers, Transactions transactions) {
        this.subscriptions = subscriptions;
        this.sequence = sequence;
        this.answers = answers;
        this.transactions = transactions;
    }

    /** How a new secret is shown. */
    @Schema(name = "SubscriptionWithSecret")
    record WithSecret(
            SubscriptionView subscription,

            @Schema(description = "What signatures are made with. It is shown only here.")
            String secret) {

        static WithSecret of(Subscriptions.WithSecret made) {
            return new WithSecret(SubscriptionView.of(made.subscription()), made.secret());
        }

        /** Without the secret. */
        @Override
        public String toString() {
            return "WithSecret[" + subscription.id() + "]";
        }
    }

    /** Another secret. */
    record Rotation(
            @Schema(description = "Of the form that a new subscription takes; one is made, when left out.")
            @Nullable
            @Size(max = 128)
            String secret,

            @Schema(
                    description =
                            "For how long everything is signed with the old one, too: P1D when left out, P30D at most.",
                    format = "duration",
                    types = {"string", "null"},
                    example = "P1D")
            @Nullable
            Duration keepPrevious) {

        /** Without the secret. */
        @Override
        public String toString() {
            return "Rotation[" + keepPrevious + "]";
        }
    }

    @PostMapping
    @ResponseStatus(HttpStatus.CREATED)
    @Operation(
            operationId = "createSubscription",
            summary = "Have events sent to a URL",
            description =
                    "Each as a CloudEvent 1.0 in structured mode, signed as Standard Webhooks 1.0 has it, at least"
                            + " once and in no certain order, from now on. A receiver answers with a status of success within"
                            + " cowshed.subscriptions.timeout; otherwise it is tried again, ever less often, for a day. Redirects"
                            + " are not followed. The answer holds the secret, which is shown only this once.")
    @Refuses({})
    ResponseEntity<WithSecret> create(@Valid @RequestBody NewSubscription request, Principal caller) {
        // What has happened already gets its place first.
        sequence.advance();
        return transactions.write(() -> {
            Subscriptions.WithSecret made = subscriptions.create(
                    request.url(),
                    Objects.requireNonNullElse(request.description(), ""),
                    request.filter(),
                    request.secret(),
                    caller.getName());
            return answers.created(
                    location(made.subscription()),
                    WithSecret.of(made),
                    OptionalLong.of(made.subscription().version()));
        });
    }

    @GetMapping
    @Operation(
            operationId = "listSubscriptions",
            summary = "List the subscriptions",
            description = "All of them, the oldest first; never their secrets.")
    @Refuses({})
    Listing<SubscriptionView> list() {
        return new Listing<>(
                subscriptions.list().stream().map(SubscriptionView::of).toList(), null);
    }

    @GetMapping("/{id}")
    @Operation(
            operationId = "getSubscription",
            summary = "Show a subscription",
            description = "The answer's ETag can be sent as If-Match with a change.")
    @Refuses(ProblemType.NOT_FOUND)
    ResponseEntity<SubscriptionView> show(@PathVariable UUID id) {
        Subscription subscription = subscriptions.find(id);
        return answers.ok(SubscriptionView.of(subscription), subscription.version());
    }

    @PatchMapping(
            path = "/{id}",
            consumes = {"application/merge-patch+json", MediaType.APPLICATION_JSON_VALUE})
    @Operation(
            operationId = "changeSubscription",
            summary = "Change, pause or resume a subscription",
            description = "An RFC 7396 merge patch: fields left out stay as they are, null takes a filter away. A new"
                    + " filter is for what is not on its way yet. {\"state\": \"active\"} resumes one that is paused or"
                    + " disabled: what waits for it is sent.")
    @Refuses({ProblemType.NOT_FOUND, ProblemType.PRECONDITION_FAILED})
    ResponseEntity<SubscriptionView> change(
            @PathVariable UUID id,
            @Parameter(description = "The ETag of what was read: the call is refused when it was changed since.")
                    @RequestHeader(name = HttpHeaders.IF_MATCH, required = false)
                    @Nullable
                    String ifMatch,
            @RequestBody SubscriptionPatch patch) {
        SubscriptionChange change = patch.change();
        Set<Long> expected = EntityTag.demandedVersions(ifMatch);
        return transactions.write(() -> {
            Subscription changed = subscriptions.change(id, expected, change);
            return answers.changed(SubscriptionView.of(changed), changed.version());
        });
    }

    @DeleteMapping("/{id}")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    @Operation(
            operationId = "removeSubscription",
            summary = "End a subscription",
            description = "What is on its way to it is forgotten, and so is what was delivered.")
    @Refuses({ProblemType.NOT_FOUND, ProblemType.PRECONDITION_FAILED})
    void remove(
            @PathVariable UUID id,
            @Parameter(description = "The ETag of what was read: the call is refused when it was changed since.")
                    @RequestHeader(name = HttpHeaders.IF_MATCH, required = false)
                    @Nullable
                    String ifMatch) {
        subscriptions.remove(id, EntityTag.demandedVersions(ifMatch));
    }

    @PostMapping("/{id}/rotate-secret")
    @Operation(
            operationId = "rotateSubscriptionSecret",
            summary = "Give a subscription another secret",
            description = "For a while everything has two signatures, one with either. The answer holds the new secret,"
                    + " which is shown only this once.")
    @Refuses(ProblemType.NOT_FOUND)
    ResponseEntity<WithSecret> rotate(
            @PathVariable UUID id, @Valid @RequestBody(required = false) @Nullable Rotation request) {
        Rotation wanted = request == null ? new Rotation(null, null) : request;
        Duration keep = Objects.requireNonNullElse(wanted.keepPrevious(), KEEP_PREVIOUS);
        if (keep.isNegative() || keep.compareTo(LONGEST_KEEP_PREVIOUS) > 0) {
            throw new CowshedException(
                    ProblemType.INVALID_REQUEST,
                    "keepPrevious must be between PT0S and " + LONGEST_KEEP_PREVIOUS + ".",
                    "Leave it out for a day.");
        }
        return transactions.write(() -> {
            Subscriptions.WithSecret made = subscriptions.rotate(id, wanted.secret(), keep);
            return answers.changed(WithSecret.of(made), made.subscription().version());
        });
    }

    static URI location(Subscription subscription) {
        return URI.create("/api/v1/subscriptions/" + subscription.id());
    }
}
