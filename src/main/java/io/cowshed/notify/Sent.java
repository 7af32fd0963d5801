package io.cowshed.notify;

import org.jspecify.annotations.Nullable;

/**
 * What came of sending something once.
 *
 * @param status that the receiver answered with; null where it did not answer
 * @param millis how long it took
 * @param error why there was no success, in words; null if there was
 * @param answer how what the receiver said begins; null where it did not answer
 */
record Sent(
        @Nullable Integer status,
        long millis,
        @Nullable String error,
        @Nullable String answer) {

    private static final int GONE = 410;

    boolean isSuccess() {
        return error == null;
    }

    /** Whether the receiver wants nothing more, ever (Standard Webhooks 1.0, "Delivery failures"). */
    boolean isGone() {
        return status != null && status == GONE;
    }
}
