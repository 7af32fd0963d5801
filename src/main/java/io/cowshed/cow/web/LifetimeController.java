package io.cowshed.cow.web;

import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.Leases;
import io.cowshed.catalog.web.IfMatch;
import io.cowshed.catalog.web.ImageView;
import io.cowshed.catalog.web.ImageViews;
import io.cowshed.catalog.web.Ref;
import io.cowshed.database.Transactions;
import io.cowshed.http.Answers;
import io.cowshed.http.EntityTag;
import io.cowshed.operation.web.OperationView;
import io.cowshed.operation.web.Prefer;
import io.cowshed.problem.ProblemType;
import io.cowshed.problem.Refuses;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotNull;
import java.security.Principal;
import java.time.Duration;
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
import org.springframework.web.bind.annotation.RestController;

/** How long images live. */
@RestController
@RequestMapping(path = "/api/v1/images/{ref}", produces = MediaType.APPLICATION_JSON_VALUE)
@Tag(name = "images")
class LifetimeController {

    private final Leases leases;
    private final SealCalls seals;
    private final Transactions transactions;
    private final ImageViews views;
    private final Answers answers;

    LifetimeController(Leases leases, SealCalls seals, Transactions transactions, ImageViews views, Answers answers) {
        this.leases = leases;
        this.seals = seals;
        this.transactions = transactions;
        this.views = views;
        this.answers = answers;
    }

    /** How much more time an image is to have. */
    record RenewRequest(
            @Schema(
                    description = "How long it lives from now on, as an ISO 8601 duration.",
                    types = "string",
                    format = "duration",
                    example = "PT2H")
            @NotNull
            Duration ttl,

            @Schema(description = "Whether it may end sooner than it would have.", defaultValue = "false") @Nullable
            Boolean shorten) {}

    /** As what an image is to be kept. */
    record KeepRequest(
            @Schema(
                    description = "Whether its contents are frozen too, so that it can be cloned.",
                    defaultValue = "false")
            @Nullable
            Boolean seal) {}

    @PostMapping("/renew")
    @Operation(
            operationId = "renewImage",
            summary = "Give a disposable image more time",
            description =
                    "Up to cowshed.lifetimes.longest after it was made. An image that would live longer anyway stays"
                            + " as it is, unless it may be shortened. What was announced of its end, or kept it past its end, is"
                            + " forgotten.")
    @Refuses({ProblemType.NOT_FOUND, ProblemType.IMAGE_NOT_AVAILABLE, ProblemType.PRECONDITION_FAILED})
    ResponseEntity<ImageView> renew(
            @Ref @PathVariable String ref,
            @Valid @RequestBody RenewRequest request,
            @IfMatch @RequestHeader(name = HttpHeaders.IF_MATCH, required = false) @Nullable String ifMatch) {
        Set<Long> versions = EntityTag.demandedVersions(ifMatch);
        return transactions.write(() -> changed(
                leases.renew(ImageRef.parse(ref), versions, request.ttl(), Boolean.TRUE.equals(request.shorten()))));
    }

    @PostMapping("/keep")
    @Operation(
            operationId = "keepImage",
            summary = "Make a disposable image persistent",
            description =
                    "It has no end any more. With seal it is sealed besides, as by POST …/seal; where that is refused it"
                            + " is kept all the same. Keeping an image that is persistent changes nothing.")
    @ApiResponse(
            responseCode = "200",
            description = "The image; or the operation that seals it, over",
            content =
                    @Content(
                            mediaType = "application/json",
                            schema = @Schema(oneOf = {ImageView.class, OperationView.class})))
    @ApiResponse(
            responseCode = "202",
            description = "The operation that seals it",
            content = @Content(mediaType = "application/json", schema = @Schema(implementation = OperationView.class)))
    @Refuses({
        ProblemType.NOT_FOUND,
        ProblemType.IMAGE_NOT_AVAILABLE,
        ProblemType.IMAGE_IN_USE,
        ProblemType.IMAGE_ATTACHED,
        ProblemType.IMAGE_BUSY,
        ProblemType.PRECONDITION_FAILED,
        ProblemType.INVALID_IMAGE,
        ProblemType.VOLUME_UNAVAILABLE
    })
    ResponseEntity<?> keep(
            @Ref @PathVariable String ref,
            @RequestBody(required = false) @Nullable KeepRequest request,
            @IfMatch @RequestHeader(name = HttpHeaders.IF_MATCH, required = false) @Nullable String ifMatch,
            @Prefer @RequestHeader(name = "Prefer", required = false) @Nullable String prefer,
            Principal caller) {
        ImageRef image = ImageRef.parse(ref);
        Set<Long> versions = EntityTag.demandedVersions(ifMatch);
        if (request == null || !Boolean.TRUE.equals(request.seal())) {
            return transactions.write(() -> changed(leases.keep(image, versions)));
        }
        // What a repeated call is to hear is not known yet: sealing may be refused.
        leases.keep(image, versions);
        return seals.seal(image, null, prefer, caller.getName());
    }

    private ResponseEntity<ImageView> changed(Image image) {
        return answers.changed(views.of(image), image.version());
    }
}
