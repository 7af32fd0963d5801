package io.cowshed.catalog;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;

/** There is no image of that id or name, or no such version. */
public final class ImageNotFound extends CowshedException {

    public ImageNotFound(ImageRef ref) {
        super(
                ProblemType.NOT_FOUND,
                switch (ref) {
                    case ImageRef.ById _, ImageRef.ByName _ -> "There is no image " + Text.quote(ref.toString()) + ".";
                    case ImageRef.ByVersion _ -> "There is no version " + Text.quote(ref.toString()) + ".";
                    case ImageRef.ByLatest latest ->
                        "There is no active version of a family "
                                + Text.quote(latest.family().value()) + ".";
                },
                switch (ref) {
                    case ImageRef.ById _, ImageRef.ByName _ -> "GET /api/v1/images lists what there is.";
                    case ImageRef.ByVersion version -> versionsOf(version.family());
                    case ImageRef.ByLatest latest -> versionsOf(latest.family());
                });
    }

    private static String versionsOf(FamilyName family) {
        return "GET /api/v1/families/" + family + "/versions lists what there is.";
    }
}
