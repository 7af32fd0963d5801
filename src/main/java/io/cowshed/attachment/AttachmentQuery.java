package io.cowshed.attachment;

import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Which attachments a list shows, the newest first.
 *
 * @param image null for all
 * @param holder null for all
 * @param states any of them; none means all
 * @param after the last one of the page before, or null for the first page
 * @param limit how many at most
 */
public record AttachmentQuery(
        @Nullable UUID image,
        @Nullable String holder,
        Set<AttachmentState> states,
        @Nullable UUID after,
        int limit) {

    public static final int MAX_LIMIT = 1000;
    public static final int DEFAULT_LIMIT = 100;
}
