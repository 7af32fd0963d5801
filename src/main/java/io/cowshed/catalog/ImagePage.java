package io.cowshed.catalog;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Some images of a list.
 *
 * @param nextCursor asks for those that follow; null at the end
 */
public record ImagePage(List<ImageEntry> items, @Nullable String nextCursor) {}
