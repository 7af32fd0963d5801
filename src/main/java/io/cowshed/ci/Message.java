package io.cowshed.ci;

import org.jspecify.annotations.Nullable;

/**
 * What a delivery says.
 *
 * @param event the provider's word for what happened
 * @param action the provider's word for how far it has come
 * @param job what it says of a job; null where it is about none, or of no interest
 */
record Message(String event, String action, @Nullable JobNews job) {

    private static final int MAX_WORD = 128;

    Message {
        event = Words.fit(event, MAX_WORD);
        action = Words.fit(action, MAX_WORD);
    }
}
