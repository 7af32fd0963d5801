package io.cowshed.http;

import io.swagger.v3.oas.annotations.media.Schema;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One page of a list.
 *
 * @param items the resources of this page
 * @param nextCursor what to pass as {@code cursor} for the page after it, or null on the last page
 */
public record Listing<T>(
        List<T> items,

        @Schema(
                description = "What to pass as cursor to get the next page; null on the last page.",
                types = {"string", "null"})
        @Nullable
        String nextCursor) {}
