package io.cowshed.cow;

import io.cowshed.catalog.Image;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** An image cannot be removed from under its children, because guests run on some of them. */
public final class ChildrenInUse extends CowshedException {

    private static final int NAMED = 10;

    /** @param inUse the children in question, at least one */
    ChildrenInUse(Image image, List<Image> inUse) {
        super(
                ProblemType.IMAGE_IN_USE,
                "Image \"" + image.name() + "\" cannot be removed now: its "
                        + (inUse.size() == 1 ? "child " : inUse.size() + " children ")
                        + inUse.stream()
                                .limit(NAMED)
                                .map(child -> "\"" + child.name() + "\"")
                                .collect(Collectors.joining(", "))
                        + (inUse.size() > NAMED ? ", …" : "") + (inUse.size() == 1 ? " is" : " are") + " in use.",
                "Stop whoever uses them, then try again. Or let the image go with the last of its children: DELETE"
                        + " /api/v1/images/" + image.id() + "?whenChildless=true.");
        member(
                "children",
                inUse.stream()
                        .limit(NAMED)
                        .map(child -> Map.of("id", child.id(), "name", child.name()))
                        .toList());
    }
}
