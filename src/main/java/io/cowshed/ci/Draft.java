package io.cowshed.ci;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A delivery of which it is not known yet what comes of it.
 *
 * @param before what was recorded when it was gone through the last time; null for a new one
 */
record Draft(
        UUID id,
        UUID hook,
        String key,
        Instant receivedAt,
        Message message,
        String body,
        @Nullable Delivery before) {}
