package io.cowshed.event;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.convert.DurationUnit;

/**
 * What becomes of events, {@code cowshed.events.*}.
 *
 * @param keep for how long they can be read
 */
@ConfigurationProperties("cowshed.events")
record EventProperties(@DurationUnit(ChronoUnit.DAYS) Duration keep) {

    /** @throws IllegalArgumentException if a value cannot be */
    EventProperties {
        if (!keep.isPositive()) {
            throw new IllegalArgumentException("cowshed.events.keep must be more than nothing");
        }
    }
}
