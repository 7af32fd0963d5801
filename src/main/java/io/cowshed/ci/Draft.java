package io.cowshed.ci;

import java.time.Instant;
import java.util.UUID;

/**
 * A delivery of which it is not known yet what comes of it.
 *
 * @param isReplay whether it is recorded already, and gone through again
 */
record Draft(UUID id, UUID hook, String key, Instant receivedAt, Message message, String body, boolean isReplay) {}
