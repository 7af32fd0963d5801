package io.cowshed.catalog;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What to change about an image; null, or no entry, leaves a thing as it is (RFC 7396).
 *
 * @param labels to set, or, with a null value, to take away
 * @param expiresAt of a disposable image
 * @param onExpire of a disposable image
 * @param copy of a disposable image, before it goes
 */
public record ImageChange(
        @Nullable ImageName name,
        @Nullable String description,
        Map<String, @Nullable String> labels,
        @Nullable Boolean isProtected,
        @Nullable Instant expiresAt,
        @Nullable OnExpire onExpire,
        @Nullable Copy copy) {

    /**
     * What a copy is to be called.
     *
     * @param name null for no copy
     */
    public record Copy(@Nullable ImageName name) {}

    boolean isMoreThanAName() {
        return description != null || !labels.isEmpty() || isProtected != null || isAboutLease();
    }

    boolean isAboutLease() {
        return expiresAt != null || onExpire != null || copy != null;
    }
}
