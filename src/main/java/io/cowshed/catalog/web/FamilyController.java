package io.cowshed.catalog.web;

import io.cowshed.catalog.Families;
import io.cowshed.catalog.FamilyEntry;
import io.cowshed.catalog.FamilyName;
import io.cowshed.catalog.ImageQuery;
import io.cowshed.catalog.Labels;
import io.cowshed.database.Transactions;
import io.cowshed.http.Answers;
import io.cowshed.http.EntityTag;
import io.cowshed.http.Listing;
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
import java.net.URI;
import java.security.Principal;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
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
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Families: shows, makes, changes and removes them. */
@RestController
@RequestMapping(path = "/api/v1/families", produces = MediaType.APPLICATION_JSON_VALUE)
@Tag(name = "families", description = "Images that come out in versions")
class FamilyController {

    private final Families families;
    private final Answers answers;
    private final Transactions transactions;

    FamilyController(Families families, Answers answers, Transactions transactions) {
        this.families = families;
        this.answers = answers;
        this.transactions = transactions;
    }

    /** A new family. */
    @Schema(name = "FamilyRequest")
    record FamilyRequest(
            @Schema(description = "Of the form of an image's name. It cannot be changed.", example = "debian-12")
            @NotBlank
            String name,

            @Schema(description = "At most 2000 characters.") @Nullable
            String description,

            @Nullable Map<String, String> labels) {}

    @PostMapping
    @ResponseStatus(HttpStatus.CREATED)
    @Operation(
            operationId = "createFamily",
            summary = "Make a family",
            description = "A name under which images come out in versions. It has none to begin with.")
    @Refuses(ProblemType.NAME_TAKEN)
    ResponseEntity<FamilyView> create(@Valid @RequestBody FamilyRequest request, Principal caller) {
        FamilyName name = new FamilyName(request.name());
        Labels labels = request.labels() == null ? Labels.none() : new Labels(request.labels());
        String description = request.description() == null ? "" : request.description();
        return transactions.write(() -> {
            FamilyEntry made = families.add(name, description, labels, caller.getName());
            return answers.created(
                    URI.create("/api/v1/families/" + name),
                    FamilyView.of(made),
                    OptionalLong.of(made.family().version()));
        });
    }

    @GetMapping
    @Operation(operationId = "listFamilies", summary = "List families", description = "A page of them, by name.")
    @Refuses({})
    Listing<FamilyView> list(
            @Parameter(description = "nextCursor of the page before.") @RequestParam(required = false) @Nullable
                    String cursor,
            @RequestParam(defaultValue = "" + ImageQuery.DEFAULT_LIMIT) @Min(1) @Max(ImageQuery.MAX_LIMIT) int limit) {
        List<FamilyEntry> found = families.list(cursor == null ? null : new FamilyName(cursor), limit);
        boolean more = found.size() > limit;
        List<FamilyEntry> page = more ? found.subList(0, limit) : found;
        return new Listing<>(
                page.stream().map(FamilyView::of).toList(),
                more ? page.getLast().family().name() : null);
    }

    @GetMapping("/{family}")
    @Operation(
            operationId = "getFamily",
            summary = "Show a family",
            description = "The answer's ETag can be sent as If-Match with a change.")
    @Refuses(ProblemType.NOT_FOUND)
    ResponseEntity<FamilyView> show(@PathVariable String family) {
        FamilyEntry entry = families.entry(new FamilyName(family));
        return answers.ok(FamilyView.of(entry), entry.family().version());
    }

    @PatchMapping(
            path = "/{family}",
            consumes = {"application/merge-patch+json", MediaType.APPLICATION_JSON_VALUE})
    @Operation(
            operationId = "changeFamily",
            summary = "Change what is said about a family",
            description = "An RFC 7396 merge patch: fields left out stay as they are, null takes a label or the"
                    + " description away.")
    @Refuses({ProblemType.NOT_FOUND, ProblemType.PRECONDITION_FAILED})
    ResponseEntity<FamilyView> change(
            @PathVariable String family,
            @IfMatch @RequestHeader(name = HttpHeaders.IF_MATCH, required = false) @Nullable String ifMatch,
            @RequestBody FamilyPatch patch) {
        FamilyName name = new FamilyName(family);
        Set<Long> expected = EntityTag.demandedVersions(ifMatch);
        Map<String, @Nullable String> labels = patch.labels() == null ? Map.of() : patch.labels();
        return transactions.write(() -> {
            FamilyEntry changed = families.change(name, expected, patch.description(), labels);
            return answers.changed(FamilyView.of(changed), changed.family().version());
        });
    }

    @DeleteMapping("/{family}")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    @Operation(
            operationId = "removeFamily",
            summary = "Remove a family",
            description = "Only while it has no versions: take them out first.")
    @Refuses({ProblemType.NOT_FOUND, ProblemType.FAMILY_HAS_VERSIONS, ProblemType.PRECONDITION_FAILED})
    void remove(
            @PathVariable String family,
            @IfMatch @RequestHeader(name = HttpHeaders.IF_MATCH, required = false) @Nullable String ifMatch) {
        families.remove(new FamilyName(family), EntityTag.demandedVersions(ifMatch));
    }
}
