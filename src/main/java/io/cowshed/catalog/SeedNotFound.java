package io.cowshed.catalog;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;

/** An image that was asked for its seed disk has none. */
public final class SeedNotFound extends CowshedException {

    SeedNotFound(Image image) {
        super(
                ProblemType.NOT_FOUND,
                "Image " + Text.quote(image.name()) + " has no seed disk.",
                "Give it one: PUT /api/v1/images/" + image.id() + "/seed.");
    }
}
