package io.cowshed.catalog;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;

/** A clone would lie deeper than chains may become. */
public final class DepthLimit extends CowshedException {

    DepthLimit(Image parent, int depth, int maxDepth) {
        super(
                ProblemType.DEPTH_LIMIT,
                "A clone of image " + Text.quote(parent.name()) + " would have depth " + depth + "; the limit is "
                        + maxDepth + ".",
                "Clone one of its ancestors (GET /api/v1/images/" + parent.id()
                        + "/lineage lists them), or raise cowshed.max-depth.");
        member("depth", depth);
        member("maxDepth", maxDepth);
    }
}
