package io.cowshed.catalog;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The image is not, or no longer, as the caller knew it. */
public final class ImageChanged extends CowshedException {

    ImageChanged(Image image) {
        super(
                ProblemType.PRECONDITION_FAILED,
                "Image " + Text.quote(image.name()) + " has been changed since you read it.",
                "Read it again, and repeat the request with its new ETag: GET /api/v1/images/" + image.id() + ".");
    }

    /**
     * That the image is as its caller has seen it.
     *
     * @param expected versions, one of which it must have; null for any
     * @throws ImageChanged if it has another
     */
    public static void requireVersion(Image image, @Nullable Set<Long> expected) {
        if (expected != null && !expected.contains(image.version())) {
            throw new ImageChanged(image);
        }
    }
}
