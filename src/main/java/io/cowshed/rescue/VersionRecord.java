package io.cowshed.rescue;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What is exported of a version of a family: all of it. */
record VersionRecord(
        UUID id,
        UUID family,
        String word,
        long ordinal,
        UUID image,
        String notes,
        @Nullable Instant deprecatedAt,
        @Nullable Instant obsoleteAt,
        @Nullable String replacement,
        Instant publishedAt,
        String publishedBy,
        Instant updatedAt,
        long version) {}
