package io.cowshed.metrics;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.convert.DurationUnit;

/**
 * How the service is watched, {@code cowshed.metrics.*}.
 *
 * @param interval between two countings, at least; one that takes long is followed by a longer rest
 */
@ConfigurationProperties("cowshed.metrics")
record MetricsProperties(@DurationUnit(ChronoUnit.SECONDS) Duration interval) {

    /** @throws IllegalArgumentException if it cannot be */
    MetricsProperties {
        if (!interval.isPositive()) {
            throw new IllegalArgumentException("cowshed.metrics.interval must be more than nothing");
        }
    }
}
