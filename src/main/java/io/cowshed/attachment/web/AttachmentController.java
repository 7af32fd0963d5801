package io.cowshed.attachment.web;

import io.cowshed.attachment.Attachment;
import io.cowshed.attachment.AttachmentListing;
import io.cowshed.attachment.AttachmentQuery;
import io.cowshed.attachment.AttachmentState;
import io.cowshed.attachment.Attachments;
import io.cowshed.attachment.Detaching;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.Images;
import io.cowshed.database.Transactions;
import io.cowshed.http.Answers;
import io.cowshed.http.Listing;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.cowshed.problem.Refuses;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Size;
import java.security.Principal;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Shows attachments, hears of their holders, and ends them. */
@RestController
@RequestMapping(path = "/api/v1/attachments", produces = MediaType.APPLICATION_JSON_VALUE)
@Tag(name = "attachments", description = "Who has which disk")
class AttachmentController {

    private final Attachments attachments;
    private final AttachmentListing listing;
    private final Detaching detaching;
    private final Images images;
    private final AttachmentViews views;
    private final Answers answers;
    private final Transactions transactions;

    AttachmentController(
            Attachments attachments,
            AttachmentListing listing,
            Detaching detaching,
            Images images,
            AttachmentViews views,
            Answers answers,
            Transactions transactions) {
        this.attachments = attachments;
        this.listing = listing;
        this.detaching = detaching;
        this.images = images;
        this.views = views;
        this.answers = answers;
        this.transactions = transactions;
    }

    /** A sign of life. */
    record HeartbeatRequest(
            @Schema(
                    description =
                            "How long it lasts from now on after each sign of life, PT1S to P30D; as before when left out.",
                    types = "string",
                    format = "duration",
                    example = "PT15M")
            @Nullable
            Duration ttl) {}

    /** Why a holder is not to have a disk any more. */
    record BreakRequest(
            @Schema(description = "Why, for those who ask later.", example = "host-3 burnt down")
            @NotBlank
            @Size(max = 500)
            @Pattern(regexp = "^[^\\x00-\\x1f\\x7f-\\x9f]*$", message = "no control characters")
            String reason) {}

    @GetMapping
    @Operation(
            operationId = "listAttachments",
            summary = "List attachments",
            description =
                    "A page of the attachments that match every filter given, the newest first; those that are over"
                            + " are remembered for a while.")
    @Refuses({ProblemType.NOT_FOUND})
    Listing<AttachmentView> list(
            @Parameter(description = "The id of an image, which may be gone, or the name of one.")
                    @RequestParam(required = false)
                    @Nullable
                    String image,
            @RequestParam(required = false) @Nullable String holder,
            @RequestParam(required = false) @Nullable Set<AttachmentState> state,
            @Parameter(description = "nextCursor of the page before.") @RequestParam(required = false) @Nullable
                    UUID cursor,
            @RequestParam(defaultValue = "" + AttachmentQuery.DEFAULT_LIMIT) @Min(1) @Max(AttachmentQuery.MAX_LIMIT)
                    int limit) {
        List<Attachment> found = listing.list(new AttachmentQuery(
                image == null ? null : id(ImageRef.parse(image)),
                holder,
                state == null ? Set.of() : state,
                cursor,
                limit));
        boolean more = found.size() > limit;
        List<Attachment> page = more ? found.subList(0, limit) : found;
        return new Listing<>(
                page.stream().map(views::brief).toList(),
                more ? page.getLast().id().toString() : null);
    }

    private UUID id(ImageRef ref) {
        return switch (ref) {
            case ImageRef.ById(UUID id) -> id;
            case ImageRef.ByName _, ImageRef.ByVersion _, ImageRef.ByLatest _ ->
                images.find(ref).id();
        };
    }

    @GetMapping("/{id}")
    @Operation(
            operationId = "getAttachment",
            summary = "Show an attachment",
            description = "With who has the file open just now, and, while it lasts, the ways to open it.")
    @Refuses({ProblemType.NOT_FOUND, ProblemType.VOLUME_UNAVAILABLE})
    ResponseEntity<AttachmentView> show(@PathVariable String id) {
        Attachment attachment = attachments.find(parse(id));
        return answers.ok(views.of(attachment), attachment.version());
    }

    @PostMapping("/{id}/heartbeat")
    @Operation(
            operationId = "renewAttachment",
            summary = "Give a sign of life",
            description = "The attachment lasts for its ttl from now on, also where its time was over and nobody has"
                    + " ended it yet.")
    @Refuses({ProblemType.NOT_FOUND, ProblemType.ATTACHMENT_ENDED})
    ResponseEntity<AttachmentView> heartbeat(
            @PathVariable String id, @RequestBody(required = false) @Nullable HeartbeatRequest request) {
        UUID attachment = parse(id);
        Duration ttl = request == null ? null : request.ttl();
        return transactions.write(() -> {
            Attachment renewed = attachments.heartbeat(attachment, ttl);
            return answers.changed(views.brief(renewed), renewed.version());
        });
    }

    @DeleteMapping("/{id}")
    @Operation(
            operationId = "detachImage",
            summary = "Give a disk back",
            description =
                    "Ends the attachment, reads the file again, and does what onDetach says: outcome and drift tell"
                            + " what came of that. Where a QEMU still has the file open, outcome is null, and the rest is done as"
                            + " soon as it has gone. To detach twice changes nothing more.")
    @Refuses(ProblemType.NOT_FOUND)
    AttachmentView detach(@PathVariable String id, Principal caller) {
        return views.of(detaching.detach(parse(id), caller.getName()));
    }

    @PostMapping("/{id}/break")
    @Operation(
            operationId = "breakAttachment",
            summary = "Take a disk from its holder",
            description =
                    "As to detach it, for administrators, on behalf of a holder who is gone. Who did it and why is"
                            + " recorded. A QEMU that has the file open keeps it, and nothing changes the image until it has gone."
                            + " Breaking what is over changes nothing.")
    @Refuses(ProblemType.NOT_FOUND)
    ResponseEntity<AttachmentView> breakUp(
            @PathVariable String id, @Valid @RequestBody BreakRequest request, Principal caller) {
        Attachment broken = detaching.breakUp(parse(id), caller.getName(), request.reason());
        AttachmentView view = views.of(broken);
        return transactions.write(() -> answers.changed(view, broken.version()));
    }

    private static UUID parse(String id) {
        try {
            return UUID.fromString(id);
        } catch (IllegalArgumentException e) {
            throw new CowshedException(
                    ProblemType.NOT_FOUND,
                    "There is no such attachment: their ids are UUIDs.",
                    "List those there are: GET /api/v1/attachments.",
                    e);
        }
    }
}
