package io.cowshed.ci;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.convert.DurationUnit;

/**
 * What becomes of what CI systems say, {@code cowshed.hooks.*}.
 *
 * @param keepDeliveries how long deliveries are remembered, with their bodies
 * @param keepJobs how long jobs are remembered after the last word of them
 * @param key of AES-256 in Base64, by which the secrets are encrypted; null for that in the file in the data directory
 */
@ConfigurationProperties("cowshed.hooks")
record HookProperties(
        @DurationUnit(ChronoUnit.DAYS) Duration keepDeliveries,
        @DurationUnit(ChronoUnit.DAYS) Duration keepJobs,
        @Nullable String key) {

    /** @throws IllegalArgumentException if a value cannot be */
    HookProperties {
        if (keepDeliveries.isNegative() || keepJobs.isNegative()) {
            throw new IllegalArgumentException(
                    "cowshed.hooks.keep-deliveries and cowshed.hooks.keep-jobs must not be negative");
        }
    }

    /** Without the key. */
    @Override
    public String toString() {
        return "HookProperties[" + keepDeliveries + ", " + keepJobs + "]";
    }
}
