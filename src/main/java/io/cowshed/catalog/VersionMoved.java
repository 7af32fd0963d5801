package io.cowshed.catalog;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;

/** What is called by a version is another image by now, or none. */
public final class VersionMoved extends CowshedException {

    VersionMoved(ImageRef ref) {
        super(
                ProblemType.IMAGE_NOT_AVAILABLE,
                "What " + Text.quote(ref.toString()) + " stands for was changed while it was being cloned.",
                "Try again.");
    }
}
