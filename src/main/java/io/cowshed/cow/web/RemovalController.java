package io.cowshed.cow.web;

import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageName;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.Trash;
import io.cowshed.catalog.web.IfMatch;
import io.cowshed.catalog.web.ImageView;
import io.cowshed.catalog.web.ImageViews;
import io.cowshed.catalog.web.Ref;
import io.cowshed.cow.RemovalPlan;
import io.cowshed.cow.RemovalPlans;
import io.cowshed.cow.Removals;
import io.cowshed.cow.Splice;
import io.cowshed.cow.Splices;
import io.cowshed.database.Transactions;
import io.cowshed.http.Answers;
import io.cowshed.http.EntityTag;
import io.cowshed.operation.web.OperationAnswers;
import io.cowshed.operation.web.OperationView;
import io.cowshed.operation.web.Prefer;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.cowshed.problem.Refuses;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import java.security.Principal;
import java.time.Duration;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Takes images away, plans how, and gets them back. */
@RestController
@RequestMapping(path = "/api/v1/images/{ref}", produces = MediaType.APPLICATION_JSON_VALUE)
@Tag(name = "verbs")
class RemovalController {

    private final Removals removals;
    private final RemovalPlans plans;
    private final Splices splices;
    private final Trash trash;
    private final Transactions transactions;
    private final ImageViews views;
    private final Answers answers;
    private final OperationAnswers operations;

    RemovalController(
            Removals removals,
            RemovalPlans plans,
            Splices splices,
            Trash trash,
            Transactions transactions,
            ImageViews views,
            Answers answers,
            OperationAnswers operations) {
        this.removals = removals;
        this.plans = plans;
        this.splices = splices;
        this.trash = trash;
        this.transactions = transactions;
        this.views = views;
        this.answers = answers;
        this.operations = operations;
    }

    /** How to restore an image. */
    record RestoreRequest(
            @Schema(
                    types = {"string", "null"},
                    description = "A new name; needed where another image has the old one meanwhile.")
            @Nullable
            String name,

            @Schema(
                    types = {"string", "null"},
                    format = "duration",
                    description =
                            "How long a disposable image lives from now on; without it what it had left, or as long as it once had if that is nothing.",
                    example = "PT8H")
            @Nullable
            Duration ttl) {}

    @DeleteMapping
    @Operation(
            operationId = "removeImage",
            summary = "Remove an image",
            description =
                    "To the trash, which frees its name and keeps its file until cowshed.trash.keep has passed; or for"
                            + " good, with purge. Refused while it is protected or in use, and while it has children, those in the"
                            + " trash too, unless children says what becomes of them: then it is an operation, which takes them one"
                            + " after the other. With whenChildless an image with children stays until the last has gone, and gets no"
                            + " more of them; restoring it takes that back. With dryRun nothing changes, and the answer is the plan.")
    @ApiResponse(
            responseCode = "200",
            description =
                    "The plan, with dryRun; the image that will go with its last child; or the finished operation",
            content =
                    @Content(
                            mediaType = "application/json",
                            schema = @Schema(oneOf = {RemovalPlan.class, ImageView.class, OperationView.class})))
    @ApiResponse(
            responseCode = "202",
            description = "The operation that takes care of the children",
            content = @Content(mediaType = "application/json", schema = @Schema(implementation = OperationView.class)))
    @ApiResponse(responseCode = "204", description = "It is in the trash, or gone", content = @Content)
    @Refuses({
        ProblemType.NOT_FOUND,
        ProblemType.IMAGE_HAS_CHILDREN,
        ProblemType.IMAGE_PROTECTED,
        ProblemType.IMAGE_PUBLISHED,
        ProblemType.IMAGE_NOT_AVAILABLE,
        ProblemType.IMAGE_LEAVES,
        ProblemType.IMAGE_IN_USE,
        ProblemType.IMAGE_ATTACHED,
        ProblemType.IMAGE_BUSY,
        ProblemType.PRECONDITION_FAILED,
        ProblemType.VOLUME_UNAVAILABLE
    })
    ResponseEntity<?> remove(
            @Ref @PathVariable String ref,
            @Parameter(description = "For good, and not to the trash.") @RequestParam(defaultValue = "false")
                    boolean purge,
            @Parameter(description = "Only say what it would come to.") @RequestParam(defaultValue = "false")
                    boolean dryRun,
            @Parameter(description = "With the last of its children, which it keeps; it gets no more.")
                    @RequestParam(defaultValue = "false")
                    boolean whenChildless,
            @Parameter(
                            description =
                                    "What becomes of its children. redirect: they become clones of its parent; split: they become bases; purge-trashed: all are in the trash, and are purged.")
                    @RequestParam(required = false)
                    Splice.@Nullable Children children,
            @IfMatch @RequestHeader(name = HttpHeaders.IF_MATCH, required = false) @Nullable String ifMatch,
            @Prefer @RequestHeader(name = "Prefer", required = false) @Nullable String prefer,
            Principal caller) {
        ImageRef image = ImageRef.parse(ref);
        Set<Long> versions = EntityTag.demandedVersions(ifMatch);
        if (whenChildless && (purge || children != null)) {
            throw new CowshedException(
                    ProblemType.INVALID_REQUEST,
                    "whenChildless leaves the children as they are, and the image to the trash.",
                    "Leave purge and children out, or whenChildless.");
        }
        if (dryRun) {
            return ResponseEntity.ok(
                    plans.of(image, new RemovalPlans.Wanted(purge, whenChildless, children, versions)));
        }
        if (children != null) {
            UUID id = splices.requireIdle(image, children, purge);
            return operations.begin(() -> splices.submit(id, children, purge, versions, caller.getName()), prefer);
        }
        if (whenChildless && removals.hasChildren(image)) {
            return transactions.write(() -> {
                Image marked = trash.putWhenChildless(image, versions);
                return answers.changed(views.of(marked), marked.version());
            });
        }
        if (purge) {
            removals.purge(image, versions);
        } else {
            removals.trash(image, versions);
        }
        return ResponseEntity.noContent().build();
    }

    @PostMapping("/restore")
    @Operation(
            operationId = "restoreImage",
            summary = "Take an image out of the trash",
            description =
                    "By its id: in the trash an image has no name. Where another image has its old name by now, it"
                            + " needs a new one. An image that was to be removed with its last child stays. Restoring what is neither"
                            + " changes nothing.")
    @Refuses({
        ProblemType.NOT_FOUND,
        ProblemType.IMAGE_NOT_AVAILABLE,
        ProblemType.NAME_TAKEN,
        ProblemType.IMAGE_BUSY,
        ProblemType.PRECONDITION_FAILED
    })
    ResponseEntity<ImageView> restore(
            @Ref @PathVariable String ref,
            @RequestBody(required = false) @Nullable RestoreRequest request,
            @IfMatch @RequestHeader(name = HttpHeaders.IF_MATCH, required = false) @Nullable String ifMatch) {
        Set<Long> versions = EntityTag.demandedVersions(ifMatch);
        ImageName name = request == null || request.name() == null ? null : new ImageName(request.name());
        Duration ttl = request == null ? null : request.ttl();
        return transactions.write(() -> {
            Image image = trash.restore(ImageRef.parse(ref), name, ttl, versions);
            return answers.changed(views.of(image), image.version());
        });
    }
}
