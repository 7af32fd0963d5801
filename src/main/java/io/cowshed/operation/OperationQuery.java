package io.cowshed.operation;

import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Which operations a list shows, the newest first.
 *
 * @param states any of them; none means all
 * @param kind null for all
 * @param subject the image that they are about; null for all
 * @param after the last one of the page before, or null for the first page
 * @param limit how many at most
 */
public record OperationQuery(
        Set<OperationState> states,
        @Nullable String kind,
        @Nullable UUID subject,
        @Nullable UUID after,
        int limit) {

    public static final int MAX_LIMIT = 1000;
    public static final int DEFAULT_LIMIT = 100;
}
