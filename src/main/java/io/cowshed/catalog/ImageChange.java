package io.cowshed.catalog;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What to change about an image; null, or no entry, leaves a thing as it is (RFC 7396).
 *
 * @param labels to set, or, with a null value, to take away
 * @param expiresAt of a disposable image
 */
public record ImageChange(
        @Nullable ImageName name,
        @Nullable String description,
        Map<String, @Nullable String> labels,
        @Nullable Boolean isProtected,
        @Nullable Instant expiresAt) {}
