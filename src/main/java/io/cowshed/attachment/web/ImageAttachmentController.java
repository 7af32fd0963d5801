package io.cowshed.attachment.web;

import io.cowshed.attachment.Attaching;
import io.cowshed.attachment.Attachment;
import io.cowshed.attachment.AttachmentListing;
import io.cowshed.attachment.AttachmentQuery;
import io.cowshed.attachment.AttachmentState;
import io.cowshed.attachment.NewAttachment;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.Images;
import io.cowshed.catalog.web.Ref;
import io.cowshed.http.Answers;
import io.cowshed.http.Listing;
import io.cowshed.problem.ProblemType;
import io.cowshed.problem.Refuses;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.net.URI;
import java.security.Principal;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Attaches images. */
@RestController
@RequestMapping(path = "/api/v1/images/{ref}/attachments", produces = MediaType.APPLICATION_JSON_VALUE)
@Tag(name = "attachments")
class ImageAttachmentController {

    private final Attaching attaching;
    private final AttachmentListing listing;
    private final Images images;
    private final AttachmentViews views;
    private final Answers answers;

    ImageAttachmentController(
            Attaching attaching, AttachmentListing listing, Images images, AttachmentViews views, Answers answers) {
        this.attaching = attaching;
        this.listing = listing;
        this.images = images;
        this.views = views;
        this.answers = answers;
    }

    @PostMapping
    @Operation(
            operationId = "attachImage",
            summary = "Take a disk, to open its file",
            description =
                    "While a holder has an image, nothing changes it: one to write to it, or many to read it. A holder"
                            + " gives signs of life, and the image back. One who has the image in the same way already gets what"
                            + " he has, renewed; ttl, mount and onDetach are taken over where they are given.")
    @ApiResponse(responseCode = "201", description = "The holder has the image")
    @ApiResponse(
            responseCode = "200",
            description = "The holder had it already",
            content = @Content(mediaType = "application/json", schema = @Schema(implementation = AttachmentView.class)))
    @Refuses({
        ProblemType.NOT_FOUND,
        ProblemType.IMAGE_NOT_AVAILABLE,
        ProblemType.IMAGE_SEALED,
        ProblemType.IMAGE_ATTACHED,
        ProblemType.IMAGE_IN_USE,
        ProblemType.IMAGE_BUSY,
        ProblemType.VOLUME_UNAVAILABLE
    })
    ResponseEntity<AttachmentView> attach(
            @Ref @PathVariable String ref, @Valid @RequestBody AttachRequest request, Principal caller) {
        NewAttachment wanted = request.wanted();
        UUID image = images.find(ImageRef.parse(ref)).id();
        String use = views.use(image);
        return attaching.attach(ImageRef.of(image), wanted, caller.getName(), begun -> {
            Attachment attachment = begun.attachment();
            AttachmentView view = views.open(attachment, use);
            return begun.isNew()
                    ? answers.created(
                            URI.create("/api/v1/attachments/" + attachment.id()),
                            view,
                            OptionalLong.of(attachment.version()))
                    : answers.changed(view, attachment.version());
        });
    }

    @GetMapping
    @Operation(
            operationId = "listImageAttachments",
            summary = "List who has a disk",
            description =
                    "The attachments of the image, the newest first; those that last, unless others are asked for.")
    @Refuses({ProblemType.NOT_FOUND, ProblemType.VOLUME_UNAVAILABLE})
    Listing<AttachmentView> list(
            @Ref @PathVariable String ref,
            @RequestParam(required = false) @Nullable Set<AttachmentState> state,
            @Parameter(description = "nextCursor of the page before.") @RequestParam(required = false) @Nullable
                    UUID cursor,
            @RequestParam(defaultValue = "" + AttachmentQuery.DEFAULT_LIMIT) @Min(1) @Max(AttachmentQuery.MAX_LIMIT)
                    int limit) {
        UUID image = images.find(ImageRef.parse(ref)).id();
        List<Attachment> found = listing.list(new AttachmentQuery(
                image,
                null,
                state == null || state.isEmpty() ? Set.of(AttachmentState.ACTIVE, AttachmentState.STALE) : state,
                cursor,
                limit));
        boolean more = found.size() > limit;
        List<Attachment> page = more ? found.subList(0, limit) : found;
        String use = views.use(image);
        List<AttachmentView.Disk> chain = views.chain(image);
        return new Listing<>(
                page.stream()
                        .map(attachment ->
                                attachment.lasting() ? views.open(attachment, use, chain) : views.brief(attachment))
                        .toList(),
                more ? page.getLast().id().toString() : null);
    }
}
