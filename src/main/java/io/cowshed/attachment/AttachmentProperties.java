package io.cowshed.attachment;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.convert.DurationUnit;

/**
 * What becomes of attachments that are over, {@code cowshed.attachments.*}.
 *
 * @param keep how long they are remembered
 */
@ConfigurationProperties("cowshed.attachments")
record AttachmentProperties(@DurationUnit(ChronoUnit.DAYS) Duration keep) {

    /** @throws IllegalArgumentException if a value cannot be */
    AttachmentProperties {
        if (keep.isNegative()) {
            throw new IllegalArgumentException("cowshed.attachments.keep must not be negative");
        }
    }
}
