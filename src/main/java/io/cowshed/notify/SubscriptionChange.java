package io.cowshed.notify;

import org.jspecify.annotations.Nullable;

/**
 * What to change about a subscription; null leaves a thing as it is.
 *
 * @param filter made from the one that it has
 * @param state active or paused
 */
public record SubscriptionChange(
        @Nullable String url,
        @Nullable String description,
        @Nullable FilterChange filter,
        @Nullable SubscriptionState state) {

    /** How a filter becomes another. */
    @FunctionalInterface
    public interface FilterChange {
        EventFilter apply(EventFilter before);
    }
}
