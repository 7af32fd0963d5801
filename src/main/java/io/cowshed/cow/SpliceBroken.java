package io.cowshed.cow;

import io.cowshed.problem.CowshedException;
import java.util.UUID;

/** The removal of an image with children ended before the last of them, and left a true state: each child is done or as it was. */
final class SpliceBroken extends CowshedException {

    /**
     * @param where at which image it ended, as in "at <i>child 5</i>"
     * @param done how many of {@code splice.count()} children are done
     */
    SpliceBroken(UUID image, Splice splice, String where, long done, CowshedException cause) {
        super(
                cause.type(),
                cause.detail() + " So the removal of image " + image + " ended at " + where + ". Of its "
                        + splice.count() + " children " + done
                        + " are done and stay so; the image stays with the rest.",
                (cause.action() == null ? "Try" : cause.action() + " Then go on with")
                        + " the rest: DELETE /api/v1/images/" + image + "?children="
                        + splice.children().word() + (splice.purge() ? "&purge=true" : "") + ".",
                cause);
        cause.members().forEach(this::member);
        member("childrenDone", done);
        member("childrenLeft", splice.count() - done);
    }
}
