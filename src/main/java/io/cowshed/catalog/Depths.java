package io.cowshed.catalog;

import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/** That chains of images do not become too deep. Counted from the rows, of which the caller has locked the first. */
@Component
@Transactional(propagation = Propagation.MANDATORY)
class Depths {

    private final Lineages lineages;
    private final ChainLimit limit;

    Depths(Lineages lineages, ChainLimit limit) {
        this.lineages = lineages;
        this.limit = limit;
    }

    /**
     * The depth of a clone of this image.
     *
     * @throws DepthLimit if that is too deep
     */
    int requireBelow(Image parent) {
        int depth = lineages.depthBelow(parent);
        if (depth > limit.maxDepth()) {
            throw new DepthLimit(parent, depth, limit.maxDepth());
        }
        return depth;
    }

    /** @throws DepthLimit if this image would lie too deep with one more parent between it and its present one */
    void requireOneMore(Image image) {
        int depth = lineages.depthBelow(image);
        if (depth > limit.maxDepth()) {
            throw DepthLimit.below(image, depth, limit.maxDepth());
        }
    }
}
