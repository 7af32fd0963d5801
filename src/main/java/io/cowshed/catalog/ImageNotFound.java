package io.cowshed.catalog;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;

/** There is no image of that id or name. */
public final class ImageNotFound extends CowshedException {

    public ImageNotFound(ImageRef ref) {
        super(
                ProblemType.NOT_FOUND,
                "There is no image " + Text.quote(ref.toString()) + ".",
                "GET /api/v1/images lists what there is.");
    }
}
