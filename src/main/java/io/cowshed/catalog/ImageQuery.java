package io.cowshed.catalog;

import io.cowshed.problem.CowshedException;
import java.util.EnumSet;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Which images to list, and how. Null stands for "whatever it is".
 *
 * @param text a part of the name or the description, in any case
 * @param states one of which the image must have
 * @param parent of which it must be a direct clone
 * @param family of which it must be a version
 * @param attached whether somebody must have it attached, or nobody
 * @param expiring whether its end must have been announced, or not
 * @param cursor from the page before this, with all else the same
 * @param limit of the page, 1 to 1000
 */
public record ImageQuery(
        @Nullable String text,
        LabelSelector labels,
        Set<ImageState> states,
        @Nullable Boolean sealed,
        @Nullable Lifetime lifetime,
        @Nullable UUID parent,
        @Nullable UUID family,
        @Nullable Boolean attached,
        @Nullable Boolean expiring,
        ImageSort sort,
        @Nullable String cursor,
        int limit) {

    public static final int DEFAULT_LIMIT = 100;

    public static final int MAX_LIMIT = 1000;

    /** Every state but the trash, which a list shows only when asked for it. */
    public static final Set<ImageState> UNTRASHED = Set.copyOf(EnumSet.complementOf(EnumSet.of(ImageState.TRASHED)));

    private static final int MAX_TEXT = 200;

    /** @throws CowshedException of type INVALID_REQUEST if the text, the states or the limit cannot be */
    public ImageQuery {
        if (text != null) {
            Text.requireReadable("q", text, MAX_TEXT);
        }
        if (states.isEmpty()) {
            throw Text.refuse("No image is in no state.", "Name one state at least.");
        }
        states = Set.copyOf(states);
        if (limit < 1 || limit > MAX_LIMIT) {
            throw Text.refuse("limit cannot be " + limit + ".", "Use a limit from 1 to " + MAX_LIMIT + ".");
        }
    }
}
