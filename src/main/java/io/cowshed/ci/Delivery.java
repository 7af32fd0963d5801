package io.cowshed.ci;

import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What was received, and what came of it.
 *
 * @param key what its sender calls it by
 * @param job which it is about; null for none
 * @param reason for the outcome, in words, where there is something to say
 * @param images the disks that the outcome is about
 * @param problem why it was refused, an RFC 9457 problem in JSON; else null
 * @param replayedAt when it was last gone through again; null for never
 */
public record Delivery(
        UUID id,
        UUID hook,
        String key,
        Instant receivedAt,
        String event,
        String action,
        @Nullable String job,
        Outcome outcome,
        @Nullable String reason,
        List<MadeDisk> images,
        @Nullable String problem,
        @Nullable Instant replayedAt) {}
