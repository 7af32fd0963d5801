package io.cowshed.notify;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** Whether anything is sent to a subscription. */
public enum SubscriptionState {
    ACTIVE,
    /** By its owner, for a while: what happens meanwhile is kept for it. */
    PAUSED,
    /** By the service, since the receiver failed for too long or wants no more; of what happens meanwhile nothing is kept. */
    DISABLED;

    /** The state as the API and the database spell it. */
    @JsonValue
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    static SubscriptionState of(String word) {
        return valueOf(word.toUpperCase(Locale.ROOT));
    }
}
