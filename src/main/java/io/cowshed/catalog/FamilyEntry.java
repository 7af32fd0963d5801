package io.cowshed.catalog;

import org.jspecify.annotations.Nullable;

/**
 * A family and its versions, at one moment.
 *
 * @param latest the word of its newest active version; null where none is active
 * @param versions how many it has, whatever their state
 */
public record FamilyEntry(Family family, @Nullable String latest, long versions) {}
