package io.cowshed.catalog;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;

/** A version of a family stays what it is: sealed, and there. */
public final class ImagePublished extends CowshedException {

    /** @param attempt what cannot be done to the image, a past participle */
    ImagePublished(Image image, String attempt, FamilyVersion version) {
        super(
                ProblemType.IMAGE_PUBLISHED,
                "Image " + Text.quote(image.name()) + " cannot be " + attempt + ": it is version "
                        + Text.quote(version.name()) + ".",
                "Take the version out first, which leaves the image: DELETE /api/v1/families/" + version.family()
                        + "/versions/" + version.word() + ".");
        member("family", version.family());
        member("version", version.word());
    }
}
