package io.cowshed.notify;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** How far a delivery is. */
public enum DeliveryState {
    /** It is sent when it is due, for the first time or again. */
    PENDING,
    /** The receiver has answered with a status of success. */
    DELIVERED,
    /** It was tried for long enough; only a replay sends it again. */
    DEAD;

    /** The state as the API and the database spell it. */
    @JsonValue
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The state of that word.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static DeliveryState of(String word) {
        for (DeliveryState state : values()) {
            if (state.word().equals(word)) {
                return state;
            }
        }
        throw new IllegalArgumentException("no such state");
    }
}
