package io.cowshed.pool.web;

import io.cowshed.catalog.FamilyName;
import io.cowshed.catalog.Image;
import io.cowshed.catalog.ImageName;
import io.cowshed.catalog.web.IfMatch;
import io.cowshed.catalog.web.ImageView;
import io.cowshed.catalog.web.ImageViews;
import io.cowshed.database.Transactions;
import io.cowshed.http.Answers;
import io.cowshed.http.EntityTag;
import io.cowshed.pool.Claimed;
import io.cowshed.pool.Pool;
import io.cowshed.pool.PoolClaims;
import io.cowshed.pool.PoolEntry;
import io.cowshed.pool.PoolUpkeep;
import io.cowshed.pool.Pools;
import io.cowshed.problem.ProblemType;
import io.cowshed.problem.Refuses;
import io.micrometer.core.instrument.MeterRegistry;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.headers.Header;
import io.swagger.v3.oas.annotations.media.Content;
import io.swagger.v3.oas.annotations.media.Schema;
import io.swagger.v3.oas.annotations.responses.ApiResponse;
import io.swagger.v3.oas.annotations.tags.Tag;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.net.URI;
import java.security.Principal;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** The pool of a family, and what is taken from it. */
@RestController
@RequestMapping(path = "/api/v1/families/{family}", produces = MediaType.APPLICATION_JSON_VALUE)
@Tag(name = "families")
class PoolController {

    private final Pools pools;
    private final PoolClaims claims;
    private final PoolUpkeep upkeep;
    private final ImageViews views;
    private final Answers answers;
    private final Transactions transactions;
    private final MeterRegistry meters;

    PoolController(
            Pools pools,
            PoolClaims claims,
            PoolUpkeep upkeep,
            ImageViews views,
            Answers answers,
            Transactions transactions,
            MeterRegistry meters) {
        this.pools = pools;
        this.claims = claims;
        this.upkeep = upkeep;
        this.views = views;
        this.answers = answers;
        this.transactions = transactions;
        this.meters = meters;
    }

    /** How large a pool is to be. */
    @Schema(name = "PoolRequest")
    record PoolRequest(
            @Schema(description = "How many clones are to lie ready.", example = "20")
            @NotNull
            @Min(0)
            @Max(Pool.MAX_SIZE)
            Integer size) {}

    @PutMapping("/pool")
    @Operation(
            operationId = "putPool",
            summary = "Have clones made ahead",
            description = "From now on this many clones of family:latest lie ready. They are ordinary images, named"
                    + " pool-…, with the label cowshed.pool; whoever changes, attaches or removes one takes it out of the"
                    + " pool. When another version becomes the latest, others take their place, and when the size is"
                    + " lowered, those too many go: both within seconds.")
    @ApiResponse(
            responseCode = "200",
            description = "The pool, which was there before",
            content = @Content(mediaType = "application/json", schema = @Schema(implementation = PoolView.class)))
    @ApiResponse(
            responseCode = "201",
            description = "The new pool",
            content = @Content(mediaType = "application/json", schema = @Schema(implementation = PoolView.class)))
    @Refuses({ProblemType.NOT_FOUND, ProblemType.PRECONDITION_FAILED})
    ResponseEntity<PoolView> put(
            @PathVariable String family,
            @IfMatch @RequestHeader(name = HttpHeaders.IF_MATCH, required = false) @Nullable String ifMatch,
            @Valid @RequestBody PoolRequest request,
            Principal caller) {
        FamilyName name = new FamilyName(family);
        Set<Long> expected = EntityTag.demandedVersions(ifMatch);
        ResponseEntity<PoolView> answer = transactions.write(() -> {
            Pools.Put put = pools.put(name, request.size(), expected, caller.getName());
            PoolView view = PoolView.of(put.entry());
            long version = put.entry().pool().version();
            return put.isNew()
                    ? answers.created(URI.create("/api/v1/families/" + name + "/pool"), view, OptionalLong.of(version))
                    : answers.changed(view, version);
        });
        upkeep.wake();
        return answer;
    }

    @GetMapping("/pool")
    @Operation(
            operationId = "getPool",
            summary = "Show how many clones lie ready",
            description = "The answer's ETag can be sent as If-Match with a change.")
    @Refuses(ProblemType.NOT_FOUND)
    ResponseEntity<PoolView> show(@PathVariable String family) {
        PoolEntry entry = pools.entry(new FamilyName(family));
        return answers.ok(PoolView.of(entry), entry.pool().version());
    }

    @DeleteMapping("/pool")
    @ResponseStatus(HttpStatus.NO_CONTENT)
    @Operation(
            operationId = "removePool",
            summary = "Have no clones made ahead any more",
            description = "Those that lie ready are removed within seconds; those that were taken stay.")
    @Refuses({ProblemType.NOT_FOUND, ProblemType.PRECONDITION_FAILED})
    void remove(
            @PathVariable String family,
            @IfMatch @RequestHeader(name = HttpHeaders.IF_MATCH, required = false) @Nullable String ifMatch) {
        pools.remove(new FamilyName(family), EntityTag.demandedVersions(ifMatch));
        upkeep.wake();
    }

    @PostMapping("/claims")
    @ResponseStatus(HttpStatus.CREATED)
    @Operation(
            operationId = "claimClone",
            summary = "Take a clone of the latest version",
            description =
                    "One that lies ready in the family's pool, or, where none is left or there is no pool, one that"
                            + " is made at once: the header Cowshed-Pooled tells which. Nobody else gets the same. It is an image"
                            + " as any clone is, made now and by the caller.")
    @ApiResponse(
            responseCode = "201",
            description = "The clone",
            headers =
                    @Header(
                            name = Answers.POOLED,
                            description = "Whether it lay ready.",
                            required = true,
                            schema = @Schema(type = "boolean")),
            content = @Content(mediaType = "application/json", schema = @Schema(implementation = ImageView.class)))
    @Refuses({
        ProblemType.NOT_FOUND,
        ProblemType.IMAGE_NOT_AVAILABLE,
        ProblemType.IMAGE_LEAVES,
        ProblemType.IMAGE_BUSY,
        ProblemType.DEPTH_LIMIT,
        ProblemType.NAME_TAKEN,
        ProblemType.VOLUME_FULL,
        ProblemType.VOLUME_UNAVAILABLE
    })
    ResponseEntity<ImageView> claim(
            @PathVariable String family, @Valid @RequestBody ClaimRequest request, Principal caller) {
        ResponseEntity<ImageView> answer = claims.claim(
                new FamilyName(family),
                new ImageName(request.name()),
                request.fields(),
                caller.getName(),
                this::created);
        boolean pooled = Boolean.parseBoolean(answer.getHeaders().getFirst(Answers.POOLED));
        meters.counter("cowshed.pool.claims", "from", pooled ? "pool" : "clone").increment();
        return answer;
    }

    private ResponseEntity<ImageView> created(Claimed claimed) {
        Image image = claimed.image().image();
        HttpHeaders headers = new HttpHeaders();
        headers.set(Answers.POOLED, String.valueOf(claimed.isPooled()));
        return answers.created(
                URI.create("/api/v1/images/" + image.id()),
                views.of(claimed.image()),
                OptionalLong.of(image.version()),
                headers);
    }
}
