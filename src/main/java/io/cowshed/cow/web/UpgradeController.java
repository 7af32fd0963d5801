package io.cowshed.cow.web;

import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.web.Deprecation;
import io.cowshed.catalog.web.IfMatch;
import io.cowshed.catalog.web.Ref;
import io.cowshed.cow.UpgradePlan;
import io.cowshed.cow.UpgradePlans;
import io.cowshed.cow.Upgrades;
import io.cowshed.database.Transactions;
import io.cowshed.http.Answers;
import io.cowshed.http.EntityTag;
import io.cowshed.operation.web.OperationView;
import io.cowshed.operation.web.Prefer;
import io.cowshed.problem.ProblemType;
import io.cowshed.problem.Refuses;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.security.Principal;
import java.time.Clock;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Puts clones of versions on newer ones, and says before what that would come to. */
@RestController
@RequestMapping(path = "/api/v1/images/{ref}", produces = MediaType.APPLICATION_JSON_VALUE)
@Tag(name = "verbs")
class UpgradeController {

    private final Upgrades upgrades;
    private final UpgradePlans plans;
    private final VerbCalls calls;
    private final Answers answers;
    private final Transactions transactions;
    private final Clock clock;

    UpgradeController(
            Upgrades upgrades,
            UpgradePlans plans,
            VerbCalls calls,
            Answers answers,
            Transactions transactions,
            Clock clock) {
        this.upgrades = upgrades;
        this.plans = plans;
        this.calls = calls;
        this.answers = answers;
        this.transactions = transactions;
        this.clock = clock;
    }

    /** How to upgrade. */
    record UpgradeRequest(
            @Schema(
                    description =
                            "That what the image holds of its own may be lost. Without that only dryRun is taken.",
                    defaultValue = "false")
            @Nullable
            Boolean discardChanges,

            @Schema(
                    types = {"string", "null"},
                    description =
                            "Which version of the family of its parent it is to lie on, as family:version: not an obsolete one. The latest by default.",
                    example = "debian:2026-11-20")
            @Nullable
            String to) {}

    @PostMapping("/upgrade")
    @Operation(
            operationId = "upgradeImage",
            summary = "Put a clone of a version on the latest one",
            description =
                    "Of a disposable clone of a version: it keeps its id, name, lease, labels and seed disk, and becomes an"
                            + " empty clone of the family's latest version, or of another. What it holds of its own is lost, and has to"
                            + " be given up with discardChanges. Its disk becomes as long as the version's, if that is longer. A clone"
                            + " that lies there already is left as it is. With dryRun nothing changes, and the answer says what it would"
                            + " come to; of a persistent image that is all there is. A deprecated version warns, in the headers"
                            + " Deprecation, Sunset and Link.")
    @ApiResponse(
            responseCode = "200",
            description = "The plan, with dryRun, or where there is nothing to do; or the finished operation",
            content =
                    @Content(
                            mediaType = "application/json",
                            schema = @Schema(oneOf = {UpgradePlan.class, OperationView.class})))
    @ApiResponse(
            responseCode = "202",
            description = "The operation",
            content = @Content(mediaType = "application/json", schema = @Schema(implementation = OperationView.class)))
    @Refuses({
        ProblemType.NOT_FOUND,
        ProblemType.IMAGE_NOT_AVAILABLE,
        ProblemType.IMAGE_SEALED,
        ProblemType.IMAGE_HAS_NO_PARENT,
        ProblemType.IMAGE_PERSISTENT,
        ProblemType.IMAGE_PROTECTED,
        ProblemType.IMAGE_LEAVES,
        ProblemType.VERSION_OBSOLETE,
        ProblemType.PARENT_IS_THE_SAME,
        ProblemType.DEPTH_LIMIT,
        ProblemType.IMAGE_IN_USE,
        ProblemType.IMAGE_ATTACHED,
        ProblemType.IMAGE_BUSY,
        ProblemType.PRECONDITION_FAILED,
        ProblemType.INVALID_IMAGE,
        ProblemType.VOLUME_UNAVAILABLE
    })
    ResponseEntity<?> upgrade(
            @Ref @PathVariable String ref,
            @Parameter(description = "Only say what it would come to.") @RequestParam(defaultValue = "false")
                    boolean dryRun,
            @RequestBody(required = false) @Nullable UpgradeRequest request,
            @IfMatch @RequestHeader(name = HttpHeaders.IF_MATCH, required = false) @Nullable String ifMatch,
            @Prefer @RequestHeader(name = "Prefer", required = false) @Nullable String prefer,
            Principal caller) {
        ImageRef image = ImageRef.parse(ref);
        ImageRef to = request == null || request.to() == null ? null : ImageRef.parse(request.to());
        Set<Long> expected = EntityTag.demandedVersions(ifMatch);
        Upgrades.Goal goal = upgrades.goal(image, to);
        HttpHeaders warning = Deprecation.headers(goal.to(), clock.instant());
        if (!dryRun) {
            upgrades.requireMeant(goal, request != null && Boolean.TRUE.equals(request.discardChanges()), expected);
        }
        if (dryRun || goal.isReached()) {
            UpgradePlan plan = plans.of(goal, expected);
            return transactions.write(() -> answers.told(plan, warning));
        }
        return calls.change(
                ref, ifMatch, prefer, warning, versions -> upgrades.submit(image, to, versions, caller.getName()));
    }
}
