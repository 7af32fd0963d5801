package io.cowshed.event;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * What becomes of events, {@code cowshed.events.*}.
 *
 * @param keep for how long they can be read
 */
@ConfigurationProperties("cowshed.events")
record EventProperties(Duration keep) {

    /** @throws IllegalArgumentException if a value cannot be */
    EventProperties {
        if (!keep.isPositive()) {
            throw new IllegalArgumentException("cowshed.events.keep must be more than nothing");
        }
    }
}
