package io.cowshed.catalog;

import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An image that comes into the catalogue with all that is known of it, its file in place.
 *
 * @param state AVAILABLE, TRASHED or ERROR
 * @param parent which is in the catalogue already, sealed and available; null for none
 * @param layout null where the file cannot be read
 * @param digest of a sealed image; null of others
 * @param trashedAt of one in the trash; null of others
 * @param fault what is wrong with the file; null of one that is available
 * @param lease of a disposable image; null of a persistent one
 * @param version that its row gets
 */
public record RestoredImage(
        UUID id,
        String name,
        String description,
        Map<String, String> labels,
        ImageState state,
        boolean isProtected,
        boolean removeWhenChildless,
        @Nullable UUID parent,
        @Nullable Layout layout,
        @Nullable KnownDigest digest,
        Instant createdAt,
        String createdBy,
        Instant updatedAt,
        @Nullable Instant trashedAt,
        @Nullable String fault,
        @Nullable Lease lease,
        long version) {

    /** What a column takes, in UTF-16 units. */
    private static final int LONGEST_FAULT = 1000;

    public RestoredImage {
        if (fault != null && fault.length() > LONGEST_FAULT) {
            fault = fault.substring(0, LONGEST_FAULT);
        }
    }

    /** Whether children may lie on it. */
    public boolean isClonable() {
        return digest != null && state == ImageState.AVAILABLE;
    }
}
