package io.cowshed.catalog.web;

import io.cowshed.catalog.Catalog;
import io.cowshed.catalog.Families;
import io.cowshed.catalog.FamilyName;
import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageChange;
import io.cowshed.catalog.ImageEntry;
import io.cowshed.catalog.ImageListing;
import io.cowshed.catalog.ImagePage;
import io.cowshed.catalog.ImageQuery;
import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.ImageSort;
import io.cowshed.catalog.ImageState;
import io.cowshed.catalog.Images;
import io.cowshed.catalog.LabelSelector;
import io.cowshed.catalog.Lifetime;
import io.cowshed.catalog.Lineage;
import io.cowshed.catalog.Lineages;
import io.cowshed.database.Transactions;
import io.cowshed.http.Answers;
import io.cowshed.http.EntityTag;
import io.cowshed.http.Listing;
import io.cowshed.problem.ProblemType;
import io.cowshed.problem.Refuses;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.Parameter;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Shows images and changes what is said about them; what changes their contents or the graph is in other modules. */
@RestController
@RequestMapping(path = "/api/v1/images", produces = MediaType.APPLICATION_JSON_VALUE)
@Tag(name = "images", description = "The catalogue of disks")
class ImageController {

    private final Catalog catalog;
    private final Images images;
    private final ImageListing listing;
    private final Families families;
    private final Lineages lineages;
    private final ImageViews views;
    private final Answers answers;
    private final Transactions transactions;

    ImageController(
            Catalog catalog,
            Images images,
            ImageListing listing,
            Families families,
            Lineages lineages,
            ImageViews views,
            Answers answers,
            Transactions transactions) {
        this.catalog = catalog;
        this.images = images;
        this.listing = listing;
        this.families = families;
        this.lineages = lineages;
        this.views = views;
        this.answers = answers;
        this.transactions = transactions;
    }

    @GetMapping
    @Operation(
            operationId = "listImages",
            summary = "List images",
            description = "A page of the images that match every filter given. Images in the trash are listed only when"
                    + " asked for with state=trashed.")
    @Refuses({ProblemType.NOT_FOUND})
    Listing<ImageView> list(
            @Parameter(description = "A part of the name or the description, in any case.")
                    @RequestParam(required = false)
                    @Nullable
                    String q,
            @Parameter(
                            description =
                                    "Labels that must match: key=value, key!=value, key or !key, joined with commas.",
                            example = "team=net,env!=prod")
                    @RequestParam(required = false)
                    @Nullable
                    String label,
            @RequestParam(required = false) @Nullable Set<ImageState> state,
            @RequestParam(required = false) @Nullable Boolean sealed,
            @RequestParam(required = false) @Nullable Lifetime lifetime,
            @Parameter(description = "The id or name of the image that must be the direct parent, or family:version.")
                    @RequestParam(required = false)
                    @Nullable
                    String parent,
            @Parameter(description = "The name of the family that it must be a version of.")
                    @RequestParam(required = false)
                    @Nullable
                    String family,
            @Parameter(description = "Whether somebody has it attached.") @RequestParam(required = false) @Nullable
                    Boolean attached,
            @Parameter(
                            description =
                                    "Whether its end has been announced: with true, disposable images that are about to go, or that something keeps.")
                    @RequestParam(required = false)
                    @Nullable
                    Boolean expiring,
            @Parameter(description = "createdAt, name or virtualSize; with a hyphen in front, descending.")
                    @RequestParam(defaultValue = "createdAt")
                    String sort,
            @Parameter(description = "nextCursor of the page before, with everything else the same.")
                    @RequestParam(required = false)
                    @Nullable
                    String cursor,
            @RequestParam(defaultValue = "" + ImageQuery.DEFAULT_LIMIT) @Min(1) @Max(ImageQuery.MAX_LIMIT) int limit) {
        ImagePage page = listing.list(new ImageQuery(
                q,
                label == null ? LabelSelector.any() : LabelSelector.parse(label),
                state == null || state.isEmpty() ? ImageQuery.UNTRASHED : state,
                sealed,
                lifetime,
                parent == null ? null : images.find(ImageRef.parse(parent)).id(),
                family == null ? null : families.find(new FamilyName(family)),
                attached,
                expiring,
                ImageSort.parse(sort),
                cursor,
                limit));
        return new Listing<>(page.items().stream().map(views::of).toList(), page.nextCursor());
    }

    @GetMapping("/{ref}")
    @Operation(
            operationId = "getImage",
            summary = "Show an image",
            description = "The answer's ETag can be sent as If-Match with a change.")
    @Refuses(ProblemType.NOT_FOUND)
    ResponseEntity<ImageView> show(@Ref @PathVariable String ref) {
        ImageEntry entry = listing.entry(ImageRef.parse(ref));
        return answers.ok(views.of(entry), entry.image().version());
    }

    @PatchMapping(
            path = "/{ref}",
            consumes = {"application/merge-patch+json", MediaType.APPLICATION_JSON_VALUE})
    @Operation(
            operationId = "changeImage",
            summary = "Change what is said about an image",
            description = "An RFC 7396 merge patch: fields left out stay as they are, null takes a label or the"
                    + " description away. Contents and parent are changed by the verbs. To protect an image that is to be"
                    + " removed with its last child keeps it.")
    @Refuses({
        ProblemType.NOT_FOUND,
        ProblemType.IMAGE_NOT_AVAILABLE,
        ProblemType.NAME_TAKEN,
        ProblemType.PRECONDITION_FAILED
    })
    ResponseEntity<ImageView> change(
            @Ref @PathVariable String ref,
            @IfMatch @RequestHeader(name = HttpHeaders.IF_MATCH, required = false) @Nullable String ifMatch,
            @RequestBody ImagePatch patch) {
        ImageChange change = patch.change();
        Set<Long> expected = EntityTag.demandedVersions(ifMatch);
        return transactions.write(() -> {
            Image image = catalog.change(ImageRef.parse(ref), expected, change);
            return answers.changed(views.of(image), image.version());
        });
    }

    @GetMapping("/{ref}/lineage")
    @Operation(
            operationId = "getLineage",
            summary = "Show where an image comes from and what was made of it",
            description = "Its ancestors, the parent first, and the tree of its descendants, those closest to it first."
                    + " Where a tree is too large for the limit, children counts more than descendants lists.")
    @Refuses(ProblemType.NOT_FOUND)
    Lineage lineage(
            @Ref @PathVariable String ref,
            @Parameter(description = "How many descendants are listed at most.")
                    @RequestParam(defaultValue = "" + Lineages.MAX_LIMIT)
                    @Min(0)
                    @Max(Lineages.MAX_LIMIT)
                    int limit) {
        return lineages.of(ImageRef.parse(ref), limit);
    }
}
