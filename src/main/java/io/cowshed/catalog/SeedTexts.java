package io.cowshed.catalog;

import org.jspecify.annotations.Nullable;

/** What a caller gave for a seed disk, as it was given; null for what was not. */
public record SeedTexts(
        @Nullable String userData,
        @Nullable String metaData,
        @Nullable String networkConfig) {}
