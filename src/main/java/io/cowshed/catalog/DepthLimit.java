package io.cowshed.catalog;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;

/** A clone would lie deeper than chains may become. */
public final class DepthLimit extends CowshedException {

    DepthLimit(Image parent, int depth, int maxDepth) {
        this(
                "A clone of image " + Text.quote(parent.name()),
                depth,
                maxDepth,
                "Redirect or split it first: POST /api/v1/images/" + parent.id()
                        + "/redirect drops its parent, /split all of them. Or raise cowshed.max-depth.");
    }

    private DepthLimit(String what, int depth, int maxDepth, String hint) {
        super(ProblemType.DEPTH_LIMIT, what + " would have depth " + depth + "; the limit is " + maxDepth + ".", hint);
        member("depth", depth);
        member("maxDepth", maxDepth);
    }

    /** Of an image that would come to lie on a new parent. */
    static DepthLimit below(Image image, int depth, int maxDepth) {
        return new DepthLimit(
                "Below a new parent, image " + Text.quote(image.name()),
                depth,
                maxDepth,
                "Drop a parent first: POST /api/v1/images/" + image.id() + "/redirect, or all of them with /split.");
    }
}
