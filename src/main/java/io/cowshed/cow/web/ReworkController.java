package io.cowshed.cow.web;

import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.web.IfMatch;
import io.cowshed.catalog.web.Ref;
import io.cowshed.cow.Reparents;
import io.cowshed.operation.web.AnswersOperation;
import io.cowshed.operation.web.OperationView;
import io.cowshed.operation.web.Prefer;
import io.cowshed.problem.ProblemType;
import io.cowshed.problem.Refuses;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotBlank;
import java.security.Principal;
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

/** The verbs that change an image's place in the graph, or how its file holds it, but never what its guest reads. */
@RestController
@RequestMapping(path = "/api/v1/images/{ref}", produces = MediaType.APPLICATION_JSON_VALUE)
@Tag(name = "verbs")
class ReworkController {

    private final Reparents reparents;
    private final VerbCalls calls;

    ReworkController(Reparents reparents, VerbCalls calls) {
        this.reparents = reparents;
        this.calls = calls;
    }

    /** Where to rebase to, and how. */
    record RebaseRequest(
            @Schema(
                    description =
                            "The id or the name of the image that is to be the parent: sealed, and not in the trash.")
            @NotBlank
            String onto,

            @Schema(
                    description =
                            "safe: what the guest reads stays, differences are copied in; repoint: only the pointer changes, allowed where both parents have the same content.",
                    allowableValues = {"safe", "repoint"},
                    defaultValue = "safe")
            Reparents.@Nullable Mode mode) {}

    @PostMapping("/redirect")
    @AnswersOperation
    @Operation(
            operationId = "redirectImage",
            summary = "Drop the direct parent of an image",
            description = "The image becomes a clone of its grandparent, or a base where there is none; what its guest"
                    + " reads stays. Works on sealed images too, and while clones of them run.")
    @Refuses({
        ProblemType.NOT_FOUND,
        ProblemType.IMAGE_NOT_AVAILABLE,
        ProblemType.IMAGE_HAS_NO_PARENT,
        ProblemType.IMAGE_LEAVES,
        ProblemType.IMAGE_IN_USE,
        ProblemType.IMAGE_ATTACHED,
        ProblemType.IMAGE_BUSY,
        ProblemType.PRECONDITION_FAILED,
        ProblemType.VOLUME_UNAVAILABLE
    })
    ResponseEntity<OperationView> redirect(
            @Ref @PathVariable String ref,
            @IfMatch @RequestHeader(name = HttpHeaders.IF_MATCH, required = false) @Nullable String ifMatch,
            @Prefer @RequestHeader(name = "Prefer", required = false) @Nullable String prefer,
            Principal caller) {
        return calls.change(
                ref, ifMatch, prefer, versions -> reparents.redirect(ImageRef.parse(ref), versions, caller.getName()));
    }

    @PostMapping("/split")
    @AnswersOperation
    @Operation(
            operationId = "splitImage",
            summary = "Free an image of all its parents",
            description = "The image becomes a base, with everything its guest reads in its own file. Works on sealed"
                    + " images too, and while clones of them run.")
    @Refuses({
        ProblemType.NOT_FOUND,
        ProblemType.IMAGE_NOT_AVAILABLE,
        ProblemType.IMAGE_HAS_NO_PARENT,
        ProblemType.IMAGE_IN_USE,
        ProblemType.IMAGE_ATTACHED,
        ProblemType.IMAGE_BUSY,
        ProblemType.PRECONDITION_FAILED,
        ProblemType.VOLUME_UNAVAILABLE
    })
    ResponseEntity<OperationView> split(
            @Ref @PathVariable String ref,
            @IfMatch @RequestHeader(name = HttpHeaders.IF_MATCH, required = false) @Nullable String ifMatch,
            @Prefer @RequestHeader(name = "Prefer", required = false) @Nullable String prefer,
            Principal caller) {
        return calls.change(
                ref, ifMatch, prefer, versions -> reparents.split(ImageRef.parse(ref), versions, caller.getName()));
    }

    @PostMapping("/rebase")
    @AnswersOperation
    @Operation(
            operationId = "rebaseImage",
            summary = "Give an image another parent",
            description = "The image becomes a clone of another sealed image; what its guest reads stays.")
    @Refuses({
        ProblemType.NOT_FOUND,
        ProblemType.IMAGE_NOT_AVAILABLE,
        ProblemType.IMAGE_SEALED,
        ProblemType.IMAGE_NOT_SEALED,
        ProblemType.IMAGE_LEAVES,
        ProblemType.PARENT_IS_ITSELF,
        ProblemType.PARENT_IS_THE_SAME,
        ProblemType.PARENT_IS_SHORTER,
        ProblemType.PARENT_DIFFERS,
        ProblemType.VERSION_OBSOLETE,
        ProblemType.DEPTH_LIMIT,
        ProblemType.IMAGE_IN_USE,
        ProblemType.IMAGE_ATTACHED,
        ProblemType.IMAGE_BUSY,
        ProblemType.PRECONDITION_FAILED,
        ProblemType.VOLUME_UNAVAILABLE
    })
    ResponseEntity<OperationView> rebase(
            @Ref @PathVariable String ref,
            @Valid @RequestBody RebaseRequest request,
            @IfMatch @RequestHeader(name = HttpHeaders.IF_MATCH, required = false) @Nullable String ifMatch,
            @Prefer @RequestHeader(name = "Prefer", required = false) @Nullable String prefer,
            Principal caller) {
        Reparents.Mode mode = request.mode() == null ? Reparents.Mode.SAFE : request.mode();
        return calls.change(
                ref,
                ifMatch,
                prefer,
                versions -> reparents.rebase(
                        ImageRef.parse(ref), ImageRef.parse(request.onto()), mode, versions, caller.getName()));
    }

    @PostMapping("/sparsify")
    @AnswersOperation
    @Operation(
            operationId = "sparsifyImage",
            summary = "Give back what an image's file holds without need",
            description = "Clusters of zeros, clusters equal to the parent's, and what the guest's file systems do not"
                    + " use (ext2/3/4, XFS, FAT, swap, also in LVM volumes; others are left alone). A sealed image keeps"
                    + " the last of these, because its content stays. The result says what each gave back.")
    @Refuses({
        ProblemType.NOT_FOUND,
        ProblemType.IMAGE_NOT_AVAILABLE,
        ProblemType.IMAGE_IN_USE,
        ProblemType.IMAGE_ATTACHED,
        ProblemType.IMAGE_BUSY,
        ProblemType.PRECONDITION_FAILED,
        ProblemType.VOLUME_UNAVAILABLE
    })
    ResponseEntity<OperationView> sparsify(
            @Ref @PathVariable String ref,
            @IfMatch @RequestHeader(name = HttpHeaders.IF_MATCH, required = false) @Nullable String ifMatch,
            @Prefer @RequestHeader(name = "Prefer", required = false) @Nullable String prefer,
            Principal caller) {
        return calls.change(
                ref, ifMatch, prefer, versions -> reparents.sparsify(ImageRef.parse(ref), versions, caller.getName()));
    }
}
