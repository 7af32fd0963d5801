package io.cowshed.catalog;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.util.List;

/**
 * Where an image comes from and what has come of it, at one moment.
 *
 * @param ancestors its parent first, the base last
 * @param image with its descendants
 */
public record Lineage(List<Ancestor> ancestors, Descendant image) {

    /**
     * An image further up.
     *
     * @param depth 0 for the base
     */
    public record Ancestor(@JsonUnwrapped ImageLink image, boolean sealed, int depth) {}

    /**
     * An image and those made from it.
     *
     * @param children how many direct clones it has, those in the trash too
     * @param descendants the oldest of these; fewer than {@code children} where the answer would have become too long
     */
    public record Descendant(
            @JsonUnwrapped ImageLink image, boolean sealed, int depth, long children, List<Descendant> descendants) {}
}
