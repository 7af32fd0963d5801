package io.cowshed.audit;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.convert.DurationUnit;

/**
 * How the catalogue is compared with the volume, {@code cowshed.audits.*}.
 *
 * @param every how often without being asked; 0 for never
 * @param spare how long a file that nobody knows is left alone after it was changed last
 */
@ConfigurationProperties("cowshed.audits")
record AuditProperties(
        @DurationUnit(ChronoUnit.DAYS) Duration every,
        @DurationUnit(ChronoUnit.HOURS) Duration spare) {

    /** @throws IllegalArgumentException if a value cannot be */
    AuditProperties {
        if (every.isNegative() || spare.isNegative()) {
            throw new IllegalArgumentException("cowshed.audits.every and cowshed.audits.spare must not be negative");
        }
    }
}
