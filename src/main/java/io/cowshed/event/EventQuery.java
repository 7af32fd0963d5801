package io.cowshed.event;

import java.time.Instant;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Which events a list shows, the newest first.
 *
 * @param types any of them; none means all
 * @param subject what they are about; null for anything
 * @param principal who did it; null for anybody
 * @param since at that time or later; null for the beginning
 * @param until before that time; null for now
 * @param before the place of the last one of the page before; null for the first page
 * @param limit how many at most
 */
public record EventQuery(
        Set<EventType> types,
        @Nullable UUID subject,
        @Nullable String principal,
        @Nullable Instant since,
        @Nullable Instant until,
        @Nullable Long before,
        int limit) {

    public static final int MAX_LIMIT = 1000;
    public static final int DEFAULT_LIMIT = 100;
}
