package io.cowshed.cow.web;

import io.cowshed.catalog.ImageName;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.NewImage;
import io.cowshed.catalog.web.IfMatch;
import io.cowshed.catalog.web.NewImages;
import io.cowshed.catalog.web.Ref;
import io.cowshed.cow.Checking;
import io.cowshed.cow.Comparisons;
import io.cowshed.cow.Copies;
import io.cowshed.cow.Resizing;
import io.cowshed.operation.web.AnswersOperation;
import io.cowshed.operation.web.OperationView;
import io.cowshed.operation.web.Prefer;
import io.cowshed.problem.ProblemType;
import io.cowshed.problem.Refuses;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.security.Principal;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** The verbs that copy, resize, check and compare disks. */
@RestController
@RequestMapping(path = "/api/v1/images/{ref}", produces = MediaType.APPLICATION_JSON_VALUE)
@Tag(name = "verbs")
class DiskController {

    private static final String DIFFERENCES = "100";

    private final Copies copies;
    private final Resizing resizing;
    private final Checking checking;
    private final Comparisons comparisons;
    private final VerbCalls calls;
    private final NewImages newImages;

    DiskController(
            Copies copies,
            Resizing resizing,
            Checking checking,
            Comparisons comparisons,
            VerbCalls calls,
            NewImages newImages) {
        this.copies = copies;
        this.resizing = resizing;
        this.checking = checking;
        this.comparisons = comparisons;
        this.calls = calls;
        this.newImages = newImages;
    }

    @PostMapping("/copy")
    @AnswersOperation
    @Operation(
            operationId = "copyImage",
            summary = "Copy an image",
            description = "To an image that stands on its own, with all that the guest reads (scope flat), or to a"
                    + " sibling: a clone of the same parent with the same changes (scope delta). The copy is not sealed."
                    + " Its name is taken at once, and free again if the operation does not succeed.")
    @Refuses({
        ProblemType.NOT_FOUND,
        ProblemType.IMAGE_NOT_AVAILABLE,
        ProblemType.IMAGE_LEAVES,
        ProblemType.IMAGE_IN_USE,
        ProblemType.IMAGE_ATTACHED,
        ProblemType.IMAGE_BUSY,
        ProblemType.NAME_TAKEN,
        ProblemType.PRECONDITION_FAILED,
        ProblemType.VOLUME_UNAVAILABLE
    })
    ResponseEntity<OperationView> copy(
            @Ref @PathVariable String ref,
            @Valid @RequestBody CopyRequest request,
            @IfMatch @RequestHeader(name = HttpHeaders.IF_MATCH, required = false) @Nullable String ifMatch,
            @Prefer @RequestHeader(name = "Prefer", required = false) @Nullable String prefer,
            Principal caller) {
        NewImage wanted = newImages.named(new ImageName(request.name()), request.fields());
        return calls.read(
                ref,
                ifMatch,
                prefer,
                versions -> copies.submit(
                        ImageRef.parse(ref),
                        wanted,
                        request.scopeOrDefault(),
                        request.compressionOrNone(),
                        versions,
                        caller.getName()));
    }

    @PostMapping("/resize")
    @AnswersOperation
    @Operation(
            operationId = "resizeImage",
            summary = "Make the disk of an image longer or shorter",
            description =
                    "What is added reads as zeros. A disk becomes shorter only with shrink, and loses data only with"
                            + " force, too.")
    @Refuses({
        ProblemType.NOT_FOUND,
        ProblemType.IMAGE_NOT_AVAILABLE,
        ProblemType.IMAGE_SEALED,
        ProblemType.IMAGE_IN_USE,
        ProblemType.IMAGE_ATTACHED,
        ProblemType.IMAGE_BUSY,
        ProblemType.PRECONDITION_FAILED,
        ProblemType.VOLUME_UNAVAILABLE
    })
    ResponseEntity<OperationView> resize(
            @Ref @PathVariable String ref,
            @Valid @RequestBody ResizeRequest request,
            @IfMatch @RequestHeader(name = HttpHeaders.IF_MATCH, required = false) @Nullable String ifMatch,
            @Prefer @RequestHeader(name = "Prefer", required = false) @Nullable String prefer,
            Principal caller) {
        boolean force = Boolean.TRUE.equals(request.force());
        boolean shrink = force || Boolean.TRUE.equals(request.shrink());
        return calls.change(
                ref,
                ifMatch,
                prefer,
                versions -> resizing.submit(
                        ImageRef.parse(ref), request.virtualSize().bytes(), shrink, force, versions, caller.getName()));
    }

    @PostMapping("/check")
    @AnswersOperation
    @Operation(
            operationId = "checkImage",
            summary = "Check the structure of an image's file",
            description = "The result says what is wrong, if anything: errors, and leaks, which only waste space. With"
                    + " repair it is mended where that can be done without a guess. A sealed image is checked, never"
                    + " mended.")
    @Refuses({
        ProblemType.NOT_FOUND,
        ProblemType.IMAGE_NOT_AVAILABLE,
        ProblemType.IMAGE_SEALED,
        ProblemType.IMAGE_IN_USE,
        ProblemType.IMAGE_ATTACHED,
        ProblemType.IMAGE_BUSY,
        ProblemType.PRECONDITION_FAILED,
        ProblemType.VOLUME_UNAVAILABLE
    })
    ResponseEntity<OperationView> check(
            @Ref @PathVariable String ref,
            @Valid @RequestBody(required = false) @Nullable CheckRequest request,
            @IfMatch @RequestHeader(name = HttpHeaders.IF_MATCH, required = false) @Nullable String ifMatch,
            @Prefer @RequestHeader(name = "Prefer", required = false) @Nullable String prefer,
            Principal caller) {
        Checking.Repair repair = request == null || request.repair() == null ? Checking.Repair.NONE : request.repair();
        Function<@Nullable Set<Long>, io.cowshed.operation.Operation> submit =
                versions -> checking.submit(ImageRef.parse(ref), repair, versions, caller.getName());
        return repair == Checking.Repair.NONE
                ? calls.read(ref, ifMatch, prefer, submit)
                : calls.change(ref, ifMatch, prefer, submit);
    }

    @GetMapping("/compare")
    @Operation(
            operationId = "compareImages",
            summary = "Compare what the guests of two images read",
            description =
                    "Answers when all is compared, or as many differences were found as are asked for. Zeros and what"
                            + " both have from the same parent are not read; of two sealed images with one digest, nothing is.")
    @Refuses({
        ProblemType.NOT_FOUND,
        ProblemType.IMAGE_NOT_AVAILABLE,
        ProblemType.IMAGE_IN_USE,
        ProblemType.INVALID_IMAGE,
        ProblemType.VOLUME_UNAVAILABLE
    })
    Comparisons.Result compare(
            @Ref @PathVariable String ref,
            @Parameter(description = "The id or the name of the other image.") @RequestParam String with,
            @Parameter(description = "How many differences to list at most.")
                    @RequestParam(defaultValue = DIFFERENCES)
                    @Min(1)
                    @Max(10_000)
                    int limit) {
        return comparisons.compare(ImageRef.parse(ref), ImageRef.parse(with), limit);
    }
}
