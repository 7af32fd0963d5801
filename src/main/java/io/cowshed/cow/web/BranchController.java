package io.cowshed.cow.web;

import io.cowshed.catalog.ImageName;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.VersionName;
import io.cowshed.catalog.web.IfMatch;
import io.cowshed.catalog.web.Ref;
import io.cowshed.cow.Branches;
import io.cowshed.operation.web.AnswersOperation;
import io.cowshed.operation.web.OperationView;
import io.cowshed.operation.web.Prefer;
import io.cowshed.problem.ProblemType;
import io.cowshed.problem.Refuses;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.validation.Valid;
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

/** The verbs that leave an image empty: its own changes go to a new parent, or are thrown away. */
@RestController
@RequestMapping(path = "/api/v1/images/{ref}", produces = MediaType.APPLICATION_JSON_VALUE)
@Tag(name = "verbs")
class BranchController {

    private final Branches branches;
    private final VerbCalls calls;

    BranchController(Branches branches, VerbCalls calls) {
        this.branches = branches;
        this.calls = calls;
    }

    @PostMapping("/snapshot")
    @AnswersOperation
    @Operation(
            operationId = "snapshotImage",
            summary = "Keep the present content of an image as its new parent",
            description = "The content becomes a sealed image of that name, with nothing copied, and the image"
                    + " goes on as an empty clone of it; what its guest reads stays. Cloning the new parent, or"
                    + " resetting the image, brings the content back. An image that is sealed is cloned instead.")
    @Refuses({
        ProblemType.NOT_FOUND,
        ProblemType.IMAGE_NOT_AVAILABLE,
        ProblemType.IMAGE_SEALED,
        ProblemType.NAME_TAKEN,
        ProblemType.DEPTH_LIMIT,
        ProblemType.IMAGE_IN_USE,
        ProblemType.IMAGE_ATTACHED,
        ProblemType.IMAGE_BUSY,
        ProblemType.PRECONDITION_FAILED,
        ProblemType.VOLUME_UNAVAILABLE
    })
    ResponseEntity<OperationView> snapshot(
            @Ref @PathVariable String ref,
            @Valid @RequestBody NewParentRequest request,
            @IfMatch @RequestHeader(name = HttpHeaders.IF_MATCH, required = false) @Nullable String ifMatch,
            @Prefer @RequestHeader(name = "Prefer", required = false) @Nullable String prefer,
            Principal caller) {
        ImageName name = new ImageName(request.name());
        return calls.change(
                ref,
                ifMatch,
                prefer,
                versions -> branches.snapshot(ImageRef.parse(ref), name, request.fields(), versions, caller.getName()));
    }

    @PostMapping("/reset")
    @AnswersOperation
    @Operation(
            operationId = "resetImage",
            summary = "Throw the own changes of a clone away",
            description = "What its guest reads is what the parent holds again; the disk keeps its length, and goes on"
                    + " in zeros where it is longer than the parent's.")
    @Refuses({
        ProblemType.NOT_FOUND,
        ProblemType.IMAGE_NOT_AVAILABLE,
        ProblemType.IMAGE_SEALED,
        ProblemType.IMAGE_HAS_NO_PARENT,
        ProblemType.IMAGE_IN_USE,
        ProblemType.IMAGE_ATTACHED,
        ProblemType.IMAGE_BUSY,
        ProblemType.PRECONDITION_FAILED,
        ProblemType.VOLUME_UNAVAILABLE
    })
    ResponseEntity<OperationView> reset(
            @Ref @PathVariable String ref,
            @IfMatch @RequestHeader(name = HttpHeaders.IF_MATCH, required = false) @Nullable String ifMatch,
            @Prefer @RequestHeader(name = "Prefer", required = false) @Nullable String prefer,
            Principal caller) {
        return calls.change(
                ref, ifMatch, prefer, versions -> branches.reset(ImageRef.parse(ref), versions, caller.getName()));
    }

    @PostMapping("/commit")
    @AnswersOperation
    @Operation(
            operationId = "commitImage",
            summary = "Make a clone's changes a new version of its parent",
            description = "They are merged with the parent into a sealed image of that name beside it, on the same"
                    + " grandparent, and, where the parent is a version of a family, published there on request; the parent stays as it is, unless it is to retire: then it leaves with the last of its children, or, with a version, is deprecated in favour of the new one. The clone goes on, empty, on the new image; what its"
                    + " guest reads stays.")
    @Refuses({
        ProblemType.IMAGE_PROTECTED,
        ProblemType.IMAGE_PUBLISHED,
        ProblemType.NOT_FOUND,
        ProblemType.IMAGE_NOT_AVAILABLE,
        ProblemType.IMAGE_SEALED,
        ProblemType.IMAGE_HAS_NO_PARENT,
        ProblemType.IMAGE_LEAVES,
        ProblemType.NAME_TAKEN,
        ProblemType.IMAGE_IN_USE,
        ProblemType.IMAGE_ATTACHED,
        ProblemType.IMAGE_BUSY,
        ProblemType.PRECONDITION_FAILED,
        ProblemType.VOLUME_UNAVAILABLE
    })
    ResponseEntity<OperationView> commit(
            @Ref @PathVariable String ref,
            @Valid @RequestBody CommitRequest request,
            @IfMatch @RequestHeader(name = HttpHeaders.IF_MATCH, required = false) @Nullable String ifMatch,
            @Prefer @RequestHeader(name = "Prefer", required = false) @Nullable String prefer,
            Principal caller) {
        ImageName name = request.name() == null ? null : new ImageName(request.name());
        VersionName version = request.version() == null ? null : new VersionName(request.version());
        return calls.change(
                ref,
                ifMatch,
                prefer,
                versions -> branches.commit(
                        ImageRef.parse(ref),
                        name,
                        version,
                        request.fields(),
                        Boolean.TRUE.equals(request.retire()),
                        versions,
                        caller.getName()));
    }
}
