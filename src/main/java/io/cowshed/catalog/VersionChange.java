package io.cowshed.catalog;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What to change about a version; null leaves a thing as it is (RFC 7396).
 *
 * @param state that it is to have from now on: moves the times below as far as it must
 * @param deprecatedAt since when, or from when on, it is deprecated
 * @param obsoleteAt since when, or from when on, it is obsolete
 * @param replacement what to use instead
 */
public record VersionChange(
        @Nullable String notes,
        @Nullable VersionState state,
        @Nullable Setting<Instant> deprecatedAt,
        @Nullable Setting<Instant> obsoleteAt,
        @Nullable Setting<ImageRef.ByVersion> replacement) {

    /**
     * A new value.
     *
     * @param value null for none
     */
    public record Setting<T>(@Nullable T value) {}

    /** The state alone. */
    public static VersionChange to(VersionState state) {
        return new VersionChange(null, state, null, null, null);
    }
}
