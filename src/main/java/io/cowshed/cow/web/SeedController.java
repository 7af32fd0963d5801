package io.cowshed.cow.web;

import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.Seed;
import io.cowshed.catalog.Seeds;
import io.cowshed.catalog.web.IfMatch;
import io.cowshed.catalog.web.Ref;
import io.cowshed.cow.Seeding;
import io.cowshed.http.Answers;
import io.cowshed.http.EntityTag;
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
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** The seed disk of an image: what tells its guest who it is. */
@RestController
@RequestMapping(path = "/api/v1/images/{ref}/seed", produces = MediaType.APPLICATION_JSON_VALUE)
@Tag(name = "seeds", description = "Seed disks, which tell guests with cloud-init who they are")
class SeedController {

    private final Seeding seeding;
    private final Seeds seeds;
    private final Answers answers;

    SeedController(Seeding seeding, Seeds seeds, Answers answers) {
        this.seeding = seeding;
        this.seeds = seeds;
        this.answers = answers;
    }

    @GetMapping
    @Operation(
            operationId = "getSeed",
            summary = "Show what the seed disk of an image was made from",
            description = "For operators: user data may hold secrets. Where the disk is, an image itself says.")
    @Refuses(ProblemType.NOT_FOUND)
    ResponseEntity<SeedView> show(@Ref @PathVariable String ref) {
        Seed seed = seeds.require(ImageRef.parse(ref));
        return answers.ok(SeedView.of(seed), seed.version());
    }

    @PutMapping(consumes = MediaType.APPLICATION_JSON_VALUE)
    @Operation(
            operationId = "putSeed",
            summary = "Give an image a seed disk",
            description =
                    "A QCOW2 image of a FAT volume labelled CIDATA, with user-data, meta-data and network-config for"
                            + " cloud-init's NoCloud: a second disk for the guest. Its instance-id is new, so that the guest takes"
                            + " itself for new, too. It stays with the image, also in the trash, and is purged with it; clones do not"
                            + " inherit it. In place of another one it is another file, under another path. Not while the image or"
                            + " its seed disk is in use.")
    @ApiResponse(
            responseCode = "200",
            description = "The seed disk, in place of another one",
            content = @Content(mediaType = "application/json", schema = @Schema(implementation = SeedView.class)))
    @ApiResponse(
            responseCode = "201",
            description = "The first seed disk of the image",
            content = @Content(mediaType = "application/json", schema = @Schema(implementation = SeedView.class)))
    @Refuses({
        ProblemType.NOT_FOUND,
        ProblemType.IMAGE_NOT_AVAILABLE,
        ProblemType.IMAGE_IN_USE,
        ProblemType.IMAGE_BUSY,
        ProblemType.PRECONDITION_FAILED,
        ProblemType.VOLUME_FULL,
        ProblemType.VOLUME_UNAVAILABLE
    })
    ResponseEntity<SeedView> put(
            @Ref @PathVariable String ref,
            @IfMatch @RequestHeader(name = HttpHeaders.IF_MATCH, required = false) @Nullable String ifMatch,
            @Valid @RequestBody SeedRequest request,
            Principal caller) {
        return seeding.put(
                ImageRef.parse(ref),
                request.template(),
                EntityTag.demandedVersions(ifMatch),
                caller.getName(),
                (seed, first) -> first ? created(seed) : answers.changed(SeedView.of(seed), seed.version()));
    }

    private ResponseEntity<SeedView> created(Seed seed) {
        return answers.created(
                URI.create("/api/v1/images/" + seed.file().image() + "/seed"),
                SeedView.of(seed),
                OptionalLong.of(seed.version()));
    }

    @DeleteMapping
    @ResponseStatus(HttpStatus.NO_CONTENT)
    @Operation(
            operationId = "removeSeed",
            summary = "Take the seed disk of an image away",
            description = "Not while the image or its seed disk is in use.")
    @Refuses({
        ProblemType.NOT_FOUND,
        ProblemType.IMAGE_NOT_AVAILABLE,
        ProblemType.IMAGE_IN_USE,
        ProblemType.IMAGE_BUSY,
        ProblemType.PRECONDITION_FAILED,
        ProblemType.VOLUME_UNAVAILABLE
    })
    void remove(
            @Ref @PathVariable String ref,
            @IfMatch @RequestHeader(name = HttpHeaders.IF_MATCH, required = false) @Nullable String ifMatch) {
        seeding.remove(ImageRef.parse(ref), EntityTag.demandedVersions(ifMatch));
    }
}
