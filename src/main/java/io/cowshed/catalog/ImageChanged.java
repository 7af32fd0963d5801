package io.cowshed.catalog;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;

/** The image is not, or no longer, as the caller knew it. */
public final class ImageChanged extends CowshedException {

    ImageChanged(Image image) {
        super(
                ProblemType.PRECONDITION_FAILED,
                "Image " + Text.quote(image.name()) + " has been changed since you read it.",
                "Read it again, and repeat the request with its new ETag: GET /api/v1/images/" + image.id() + ".");
    }
}
