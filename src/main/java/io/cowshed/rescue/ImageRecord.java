package io.cowshed.rescue;

import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What is exported of an image: what its file does not say, and enough of what it does to find a fault in it. What is secret is
 * left out, as are operations, attachments and pools.
 *
 * @param parent null for a base
 * @param digest of a sealed image; null of others
 * @param known the last digest computed, and of which file; null for none
 * @param trashedAt null unless it is in the trash
 * @param fault what is wrong with its file; null for nothing
 * @param lease of a disposable image; null of a persistent one
 * @param seed its seed disk; null for none
 * @param version of the row
 */
record ImageRecord(
        UUID id,
        String name,
        String description,
        Map<String, String> labels,
        String state,
        boolean sealed,
        boolean isProtected,
        boolean removeWhenChildless,
        @Nullable UUID parent,
        @Nullable String digest,
        @Nullable Known known,
        Instant createdAt,
        String createdBy,
        Instant updatedAt,
        @Nullable Instant trashedAt,
        @Nullable String fault,
        @Nullable LeaseRecord lease,
        @Nullable SeedRecord seed,
        long version) {

    /** A digest, and the file (bytes, nanoseconds since the epoch) that it was computed from. */
    record Known(String digest, long size, long modifiedNanos) {}

    /**
     * On which terms a disposable image lives.
     *
     * @param copy what it is to be copied to before it goes; null for nothing
     * @param flagged whether it has expired, and is kept as was asked
     */
    record LeaseRecord(
            Instant from,
            Instant expiresAt,
            String onExpire,
            @Nullable String copy,
            Instant warnAt,
            boolean flagged) {}

    /** A seed disk; what it was made from is secret. */
    record SeedRecord(long number, String instanceId, Instant createdAt, String createdBy) {}
}
