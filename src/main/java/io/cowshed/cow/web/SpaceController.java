package io.cowshed.cow.web;

import io.cowshed.catalog.ImageRef;
import io.cowshed.catalog.web.Ref;
import io.cowshed.cow.ImageSpace;
import io.cowshed.cow.Spaces;
import io.cowshed.cow.VolumeUse;
import io.cowshed.problem.ProblemType;
import io.cowshed.problem.Refuses;
import io.swagger.v3.oas.annotations.Operation;
import io.swagger.v3.oas.annotations.tags.Tag;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;

/** Says what images take, and what the volume has left. */
@RestController
@RequestMapping(path = "/api/v1", produces = MediaType.APPLICATION_JSON_VALUE)
@Tag(name = "space", description = "What is taken, what is free, what would become free")
class SpaceController {

    private final Spaces spaces;

    SpaceController(Spaces spaces) {
        this.spaces = spaces;
    }

    @GetMapping("/images/{ref}/space")
    @Operation(
            operationId = "getImageSpace",
            summary = "Show what an image takes",
            description = "Measured now, from its file and its extents: takes longer the more fragmented the disk is.")
    @Refuses({
        ProblemType.NOT_FOUND,
        ProblemType.IMAGE_NOT_AVAILABLE,
        ProblemType.INVALID_IMAGE,
        ProblemType.UNSUPPORTED_IMAGE,
        ProblemType.VOLUME_UNAVAILABLE
    })
    ImageSpace image(@Ref @PathVariable String ref) {
        return spaces.of(ImageRef.parse(ref));
    }

    @GetMapping("/volume")
    @Operation(
            operationId = "getVolume",
            summary = "Show how full the volume is",
            description = "Measured now, file by file: takes longer the more images there are.")
    @Refuses(ProblemType.VOLUME_UNAVAILABLE)
    VolumeUse volume() {
        return spaces.ofVolume();
    }
}
