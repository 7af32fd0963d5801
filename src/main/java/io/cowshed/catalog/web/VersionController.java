package io.cowshed.catalog.web;

import io.cowshed.catalog.Descent;
import io.cowshed.catalog.Families;
import io.cowshed.catalog.FamilyName;
import io.cowshed.catalog.FamilyVersion;
import io.cowshed.catalog.FamilyVersions;
import io.cowshed.catalog.ImagePage;
import io.cowshed.catalog.ImageQuery;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.Publishing;
import io.cowshed.catalog.VersionChange;
import io.cowshed.catalog.VersionName;
import io.cowshed.catalog.VersionState;
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
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
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

/** The versions of a family: publishes, shows and changes them, and tells what descends from each. */
@RestController
@RequestMapping(path = "/api/v1/families/{family}/versions", produces = MediaType.APPLICATION_JSON_VALUE)
@Tag(name = "families")
class VersionController {

    private final Families families;
    private final FamilyVersions versions;
    private final Publishing publishing;
    private final Descent descent;
    private final ImageViews views;
    private final Answers answers;
    private final Transactions transactions;
    private final Clock clock;

    VersionController(
            Families families,
            FamilyVersions versions,
            Publishing publishing,
            Descent descent,
            ImageViews views,
            Answers answers,
            Transactions transactions,
            Clock clock) {
        this.families = families;
        this.versions = versions;
        this.publishing = publishing;
        this.descent = descent;
        this.views = views;
        this.answers = answers;
        this.transactions = transactions;
        this.clock = clock;
    }

    /** A new version. */
    @Schema(name = "VersionRequest")
    record VersionRequest(
            @Schema(
                    description = "The word for it, of the form of an image's name; not latest.",
                    example = "2026-11-20")
            @NotBlank
            String version,

            @Schema(
                    description = "The image to publish, by id or name: sealed, and no version yet.",
                    example = "debian-12-build-17")
            @NotBlank
            String image,

            @Schema(description = "What it begins as.", defaultValue = "active") @Nullable
            VersionState state,

            @Schema(description = "At most 2000 characters.") @Nullable
            String notes) {}

    @PostMapping
    @ResponseStatus(HttpStatus.CREATED)
    @Operation(
            operationId = "publishVersion",
            summary = "Publish a sealed image as a version",
            description = "From then on it is found as family:version wherever an image is named, and, while it is the"
                    + " newest that is active, as family:latest. It is neither unsealed nor removed until the version is"
                    + " taken out.")
    @Refuses({
        ProblemType.NOT_FOUND,
        ProblemType.NAME_TAKEN,
        ProblemType.IMAGE_PUBLISHED,
        ProblemType.IMAGE_NOT_AVAILABLE,
        ProblemType.IMAGE_NOT_SEALED,
        ProblemType.IMAGE_LEAVES,
        ProblemType.IMAGE_BUSY
    })
    ResponseEntity<VersionView> publish(
            @PathVariable String family, @Valid @RequestBody VersionRequest request, Principal caller) {
        ImageRef.ByVersion as = ref(family, request.version());
        ImageRef image = ImageRef.parse(request.image());
        VersionState state = Objects.requireNonNullElse(request.state(), VersionState.ACTIVE);
        String notes = Objects.requireNonNullElse(request.notes(), "");
        return transactions.write(() -> {
            FamilyVersion published = publishing.publish(as, image, state, notes, caller.getName());
            return answers.created(
                    URI.create("/api/v1/families/" + as.family() + "/versions/" + as.version()),
                    view(published),
                    OptionalLong.of(published.version()));
        });
    }

    @GetMapping
    @Operation(
            operationId = "listVersions",
            summary = "List the versions of a family",
            description = "A page of them, the newest publication first.")
    @Refuses(ProblemType.NOT_FOUND)
    Listing<VersionView> list(
            @PathVariable String family,
            @Parameter(description = "nextCursor of the page before.") @RequestParam(required = false) @Nullable
                    Long cursor,
            @RequestParam(defaultValue = "" + ImageQuery.DEFAULT_LIMIT) @Min(1) @Max(ImageQuery.MAX_LIMIT) int limit) {
        List<FamilyVersion> found = versions.list(families.find(new FamilyName(family)), cursor, limit);
        boolean more = found.size() > limit;
        List<FamilyVersion> page = more ? found.subList(0, limit) : found;
        Map<UUID, Long> clones =
                descent.counts(page.stream().map(FamilyVersion::image).toList());
        return new Listing<>(
                page.stream()
                        .map(version ->
                                VersionView.of(version, clones.getOrDefault(version.image(), 0L), clock.instant()))
                        .toList(),
                more ? String.valueOf(page.getLast().ordinal()) : null);
    }

    @GetMapping("/{version}")
    @Operation(
            operationId = "getVersion",
            summary = "Show a version",
            description =
                    "latest is the newest active version; a change names it by its own word. The answer's ETag can"
                            + " be sent as If-Match with that.")
    @Refuses(ProblemType.NOT_FOUND)
    ResponseEntity<VersionView> show(@PathVariable String family, @PathVariable String version) {
        FamilyVersion found = versions.find(new FamilyName(family), version);
        return answers.ok(view(found), found.version());
    }

    @PatchMapping(
            path = "/{version}",
            consumes = {"application/merge-patch+json", MediaType.APPLICATION_JSON_VALUE})
    @Operation(
            operationId = "changeVersion",
            summary = "Deprecate a version, or say anything else about it",
            description = "An RFC 7396 merge patch. A state takes effect at once; the two times may lie ahead, and take"
                    + " effect by themselves. To deprecate the newest version is the roll-back: family:latest is the one"
                    + " before it then.")
    @Refuses({ProblemType.NOT_FOUND, ProblemType.PRECONDITION_FAILED})
    ResponseEntity<VersionView> change(
            @PathVariable String family,
            @PathVariable String version,
            @IfMatch @RequestHeader(name = HttpHeaders.IF_MATCH, required = false) @Nullable String ifMatch,
            @RequestBody VersionPatch patch) {
        ImageRef.ByVersion ref = ref(family, version);
        VersionChange change = patch.change(ref.family());
        Set<Long> expected = EntityTag.demandedVersions(ifMatch);
        return transactions.write(() -> {
            FamilyVersion changed = publishing.change(ref, expected, change);
            return answers.changed(view(changed), changed.version());
        });
    }

    @DeleteMapping("/{version}")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    @Operation(
            operationId = "takeVersionOut",
            summary = "Take a version out of its family",
            description = "The image stays, and can be unsealed or removed like any other again.")
    @Refuses({ProblemType.NOT_FOUND, ProblemType.PRECONDITION_FAILED})
    void takeOut(
            @PathVariable String family,
            @PathVariable String version,
            @IfMatch @RequestHeader(name = HttpHeaders.IF_MATCH, required = false) @Nullable String ifMatch) {
        publishing.takeOut(ref(family, version), EntityTag.demandedVersions(ifMatch));
    }

    @GetMapping("/{version}/clones")
    @Operation(
            operationId = "listVersionClones",
            summary = "List what descends from a version",
            description =
                    "A page of all images that descend from it, however deep, those in the trash too; those of one"
                            + " parent together, the oldest first. The clones of later versions are among them where those"
                            + " versions descend from this one.")
    @Refuses(ProblemType.NOT_FOUND)
    Listing<ImageView> clones(
            @PathVariable String family,
            @PathVariable String version,
            @Parameter(description = "nextCursor of the page before.") @RequestParam(required = false) @Nullable
                    String cursor,
            @RequestParam(defaultValue = "" + ImageQuery.DEFAULT_LIMIT) @Min(1) @Max(ImageQuery.MAX_LIMIT) int limit) {
        ImagePage page =
                descent.page(versions.find(new FamilyName(family), version).image(), cursor, limit);
        return new Listing<>(page.items().stream().map(views::of).toList(), page.nextCursor());
    }

    private VersionView view(FamilyVersion version) {
        long clones = descent.counts(List.of(version.image())).getOrDefault(version.image(), 0L);
        return VersionView.of(version, clones, clock.instant());
    }

    private static ImageRef.ByVersion ref(String family, String version) {
        return new ImageRef.ByVersion(new FamilyName(family), new VersionName(version));
    }
}
