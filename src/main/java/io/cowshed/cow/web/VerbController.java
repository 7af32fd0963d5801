package io.cowshed.cow.web;

import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageEntry;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.web.Deprecation;
import io.cowshed.catalog.web.IfMatch;
import io.cowshed.catalog.web.ImageView;
import io.cowshed.catalog.web.ImageViews;
import io.cowshed.catalog.web.Ref;
import io.cowshed.cow.Clones;
import io.cowshed.cow.Sealing;
import io.cowshed.http.Answers;
import io.cowshed.http.EntityTag;
import io.cowshed.http.Listing;
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
import java.net.URI;
import java.security.Principal;
import java.time.Clock;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** The verbs that change contents or the graph. */
@RestController
@RequestMapping(path = "/api/v1/images/{ref}", produces = MediaType.APPLICATION_JSON_VALUE)
@Tag(name = "verbs", description = "What changes contents or the graph")
class VerbController {

    private final Clones clones;
    private final Sealing sealing;
    private final ImageViews views;
    private final Answers answers;
    private final SealCalls seals;
    private final Clock clock;

    VerbController(Clones clones, Sealing sealing, ImageViews views, Answers answers, SealCalls seals, Clock clock) {
        this.clones = clones;
        this.sealing = sealing;
        this.views = views;
        this.answers = answers;
        this.seals = seals;
        this.clock = clock;
    }

    /** Names the answer to a call for several clones in the API's description; {@link Listing} has the same shape. */
    @Schema(name = "Clones")
    private record ClonesView(
            List<ImageView> items,
            @Schema(types = "null") @Nullable String nextCursor) {}

    @PostMapping("/clones")
    @ResponseStatus(HttpStatus.CREATED)
    @Operation(
            operationId = "cloneImage",
            summary = "Clone an image",
            description =
                    "Makes one copy-on-write clone under a name, or up to 1000 under a prefix and a number, all or"
                            + " none, each with a seed disk of its own where seed is given. The parent must be sealed. A single clone is answered as an image, several as a list."
                            + " Of family:latest, the parent in the answer tells the version. Cloning a deprecated version"
                            + " warns: in warnings, and in the headers Deprecation, Sunset and Link.")
    @ApiResponse(
            responseCode = "201",
            description = "The clone, or the clones",
            content =
                    @Content(
                            mediaType = "application/json",
                            schema = @Schema(oneOf = {ImageView.class, ClonesView.class})))
    @Refuses({
        ProblemType.NOT_FOUND,
        ProblemType.IMAGE_NOT_SEALED,
        ProblemType.IMAGE_NOT_AVAILABLE,
        ProblemType.IMAGE_LEAVES,
        ProblemType.VERSION_OBSOLETE,
        ProblemType.IMAGE_BUSY,
        ProblemType.DEPTH_LIMIT,
        ProblemType.NAME_TAKEN,
        ProblemType.VOLUME_FULL,
        ProblemType.VOLUME_UNAVAILABLE
    })
    ResponseEntity<?> clone(@Ref @PathVariable String ref, @Valid @RequestBody CloneRequest request, Principal caller) {
        return clones.create(
                ImageRef.parse(ref),
                request.names(),
                request.fields(),
                request.virtualSize() == null ? null : request.virtualSize().bytes(),
                request.seed() == null ? null : request.seed().template(),
                caller.getName(),
                made -> request.isForMany() ? many(made) : one(made.getFirst()));
    }

    private ResponseEntity<?> one(ImageEntry clone) {
        Image image = clone.image();
        return answers.created(
                URI.create("/api/v1/images/" + image.id()),
                views.of(clone),
                OptionalLong.of(image.version()),
                Deprecation.headers(clone.versionOfParent(), clock.instant()));
    }

    private ResponseEntity<?> many(List<ImageEntry> clones) {
        return answers.created(
                URI.create("/api/v1/images?parent=" + clones.getFirst().image().parentId()),
                new Listing<>(clones.stream().map(views::of).toList(), null),
                OptionalLong.empty(),
                Deprecation.headers(clones.getFirst().versionOfParent(), clock.instant()));
    }

    @PostMapping("/seal")
    @Operation(
            operationId = "sealImage",
            summary = "Freeze the contents of an image",
            description = "From then on it can be cloned, and nothing writes to it: its file becomes read-only and its"
                    + " digest is recorded. At once after an import, and where there is little to read: then the answer"
                    + " is the image. Otherwise the disk is read once, by an operation, which is answered with 202, or"
                    + " with 200 when it is over where Prefer says to wait. Sealing a sealed image changes nothing.")
    @ApiResponse(
            responseCode = "200",
            description = "The image, sealed; or the operation, over",
            content =
                    @Content(
                            mediaType = "application/json",
                            schema = @Schema(oneOf = {ImageView.class, OperationView.class})))
    @ApiResponse(
            responseCode = "202",
            description = "The operation",
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
    ResponseEntity<?> seal(
            @Ref @PathVariable String ref,
            @IfMatch @RequestHeader(name = HttpHeaders.IF_MATCH, required = false) @Nullable String ifMatch,
            @Prefer @RequestHeader(name = "Prefer", required = false) @Nullable String prefer,
            Principal caller) {
        return seals.seal(ImageRef.parse(ref), EntityTag.demandedVersions(ifMatch), prefer, caller.getName());
    }

    @PostMapping("/unseal")
    @Operation(
            operationId = "unsealImage",
            summary = "Let the contents of an image change again",
            description =
                    "Only while it has no children, and is no version of a family. Unsealing an image that is not sealed changes nothing.")
    @Refuses({
        ProblemType.NOT_FOUND,
        ProblemType.IMAGE_HAS_CHILDREN,
        ProblemType.IMAGE_PUBLISHED,
        ProblemType.IMAGE_NOT_AVAILABLE,
        ProblemType.IMAGE_IN_USE,
        ProblemType.IMAGE_ATTACHED,
        ProblemType.IMAGE_BUSY,
        ProblemType.PRECONDITION_FAILED,
        ProblemType.VOLUME_UNAVAILABLE
    })
    ResponseEntity<ImageView> unseal(
            @Ref @PathVariable String ref,
            @IfMatch @RequestHeader(name = HttpHeaders.IF_MATCH, required = false) @Nullable String ifMatch) {
        return sealing.unseal(
                ImageRef.parse(ref),
                EntityTag.demandedVersions(ifMatch),
                image -> answers.changed(views.of(image), image.version()));
    }
}
