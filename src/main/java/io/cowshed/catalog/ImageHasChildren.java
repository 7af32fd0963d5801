package io.cowshed.catalog;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** An image with children keeps its file, and keeps it sealed. Children in the trash count. */
public final class ImageHasChildren extends CowshedException {

    /**
     * @param attempt what cannot be done to the image, a past participle
     * @param children some of them
     * @param count of all of them, at least 1
     */
    ImageHasChildren(Image image, String attempt, List<ImageLink> children, long count) {
        super(
                ProblemType.IMAGE_HAS_CHILDREN,
                "Image " + Text.quote(image.name()) + " cannot be " + attempt + ": " + count
                        + (count == 1 ? " image is a clone of it: " : " images are clones of it: ")
                        + children.stream()
                                .map(child -> Text.quote(child.name())
                                        + (child.state() == ImageState.TRASHED ? " (in the trash)" : ""))
                                .collect(Collectors.joining(", "))
                        + (count > children.size() ? ", …" : "") + ".",
                "See what it takes to remove it, and choose: DELETE /api/v1/images/" + image.id()
                        + "?dryRun=true. Its children: GET /api/v1/images?parent=" + image.id() + ".");
        member(
                "children",
                children.stream()
                        .map(child -> Map.of("id", child.id(), "name", child.name()))
                        .toList());
        member("childrenCount", count);
    }
}
