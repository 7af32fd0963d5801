package io.cowshed.ci.web;

import io.cowshed.catalog.web.IfMatch;
import io.cowshed.ci.Hook;
import io.cowshed.ci.Hooks;
import io.cowshed.ci.OnCompletion;
import io.cowshed.ci.web.HookRequests.HookPatch;
import io.cowshed.ci.web.HookRequests.NewHook;
import io.cowshed.ci.web.HookRequests.NewSecret;
import io.cowshed.database.Transactions;
import io.cowshed.http.Answers;
import io.cowshed.http.EntityTag;
import io.cowshed.http.Listing;
import io.cowshed.problem.ProblemType;
import io.cowshed.problem.Refuses;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.validation.Valid;
import java.net.URI;
import java.security.Principal;
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

/** Hooks, for administrators. */
@RestController
@RequestMapping(path = "/api/v1/hooks", produces = MediaType.APPLICATION_JSON_VALUE)
@Tag(name = "hooks", description = "Disks for the jobs of CI systems")
class HookController {

    private final Hooks hooks;
    private final Answers answers;
    private final Transactions transactions;

    HookController(Hooks hooks, Answers answers, Transactions transactions) {
        this.hooks = hooks;
        this.answers = answers;
        this.transactions = transactions;
    }

    @PostMapping
    @ResponseStatus(HttpStatus.CREATED)
    @Operation(
            operationId = "createHook",
            summary = "Make a hook",
            description =
                    "The answer holds the secret, which is shown only this once and stored encrypted, and the path"
                            + " where the provider is to send its deliveries.")
    @Refuses(ProblemType.NAME_TAKEN)
    ResponseEntity<HookView.WithSecret> create(@Valid @RequestBody NewHook request, Principal caller) {
        return transactions.write(() -> {
            Hooks.WithSecret made = hooks.create(
                    request.name(),
                    request.provider(),
                    request.onCompletion() == null ? OnCompletion.PURGE : request.onCompletion(),
                    request.rules(),
                    request.mapping(),
                    request.secret(),
                    caller.getName());
            return answers.created(
                    URI.create("/api/v1/hooks/" + made.hook().id()),
                    HookView.WithSecret.of(made),
                    OptionalLong.empty());
        });
    }

    @GetMapping
    @Operation(
            operationId = "listHooks",
            summary = "List the hooks",
            description = "All of them, in the order of their names; never their secrets.")
    @Refuses({})
    Listing<HookView> list() {
        return new Listing<>(hooks.list().stream().map(HookView::of).toList(), null);
    }

    @GetMapping("/{id}")
    @Operation(
            operationId = "getHook",
            summary = "Show a hook",
            description = "Never its secret. The answer's ETag can be sent as If-Match with a change.")
    @Refuses(ProblemType.NOT_FOUND)
    ResponseEntity<HookView> show(@PathVariable UUID id) {
        Hook hook = hooks.find(id);
        return answers.ok(HookView.of(hook), hook.version());
    }

    @PatchMapping(
            path = "/{id}",
            consumes = {"application/merge-patch+json", MediaType.APPLICATION_JSON_VALUE})
    @Operation(
            operationId = "changeHook",
            summary = "Change a hook",
            description = "What is left out stays as it is; rules and mapping are replaced as a whole. Jobs that have"
                    + " their disks keep them, and the time for which these are kept.")
    @Refuses({ProblemType.NOT_FOUND, ProblemType.NAME_TAKEN, ProblemType.PRECONDITION_FAILED})
    ResponseEntity<HookView> change(
            @PathVariable UUID id,
            @IfMatch @RequestHeader(name = HttpHeaders.IF_MATCH, required = false) @Nullable String ifMatch,
            @RequestBody HookPatch patch) {
        Set<Long> expected = EntityTag.demandedVersions(ifMatch);
        return transactions.write(() -> {
            Hook hook = hooks.change(id, expected, patch.name(), patch.onCompletion(), patch.rules(), patch.mapping());
            return answers.changed(HookView.of(hook), hook.version());
        });
    }

    @PostMapping("/{id}/rotate-secret")
    @Operation(
            operationId = "rotateHookSecret",
            summary = "Give a hook another secret",
            description =
                    "The present one is taken beside it for a while, so that the provider can be told in time. The"
                            + " answer holds the new one, which is shown only this once.")
    @Refuses(ProblemType.NOT_FOUND)
    ResponseEntity<HookView.WithSecret> rotate(
            @PathVariable UUID id, @RequestBody(required = false) @Nullable NewSecret request) {
        NewSecret wanted = request == null ? new NewSecret(null, null) : request;
        return transactions.write(() -> {
            Hooks.WithSecret made = hooks.rotate(id, wanted.secret(), wanted.overlap());
            return answers.changed(HookView.WithSecret.of(made), made.hook().version());
        });
    }

    @DeleteMapping("/{id}")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    @Operation(
            operationId = "removeHook",
            summary = "Remove a hook",
            description = "Its deliveries are forgotten, and so are its jobs: disks that it has made stay until they"
                    + " expire.")
    @Refuses({ProblemType.NOT_FOUND, ProblemType.PRECONDITION_FAILED})
    void remove(
            @PathVariable UUID id,
            @IfMatch @RequestHeader(name = HttpHeaders.IF_MATCH, required = false) @Nullable String ifMatch) {
        hooks.remove(id, EntityTag.demandedVersions(ifMatch));
    }
}
