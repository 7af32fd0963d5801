package io.cowshed.retention;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * What becomes of removed images, {@code cowshed.trash.*}.
 *
 * @param keep how long they stay in the trash before they are purged
 */
@ConfigurationProperties("cowshed.trash")
record TrashProperties(Duration keep) {

    /** @throws IllegalArgumentException if a value cannot be */
    TrashProperties {
        if (keep.isNegative()) {
            throw new IllegalArgumentException("cowshed.trash.keep must not be negative");
        }
    }
}
