package io.cowshed.retention;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.convert.DurationUnit;

/**
 * What becomes of removed images, {@code cowshed.trash.*}.
 *
 * @param keep how long they stay in the trash before they are purged
 */
@ConfigurationProperties("cowshed.trash")
record TrashProperties(@DurationUnit(ChronoUnit.DAYS) Duration keep) {

    /** @throws IllegalArgumentException if a value cannot be */
    TrashProperties {
        if (keep.isNegative()) {
            throw new IllegalArgumentException("cowshed.trash.keep must not be negative");
        }
    }
}
