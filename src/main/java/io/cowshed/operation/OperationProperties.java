package io.cowshed.operation;

import io.cowshed.http.ByteSize;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.convert.DurationUnit;

/**
 * How operations are run, {@code cowshed.operations.*}.
 *
 * @param parallel how many run at a time on this volume, 1 to 64, whatever the number of replicas
 * @param bandwidth how many bytes a second each replica works through at most; null for as many as it can
 * @param keep how long a finished one is remembered
 */
@ConfigurationProperties("cowshed.operations")
public record OperationProperties(
        int parallel,
        @Nullable ByteSize bandwidth,
        @DurationUnit(ChronoUnit.DAYS) Duration keep) {

    private static final int MOST_PARALLEL = 64;

    /** @throws IllegalArgumentException if a value cannot be */
    public OperationProperties {
        if (parallel < 1 || parallel > MOST_PARALLEL) {
            throw new IllegalArgumentException("cowshed.operations.parallel must be 1 to " + MOST_PARALLEL);
        }
        if (bandwidth != null && bandwidth.bytes() < 1) {
            throw new IllegalArgumentException("cowshed.operations.bandwidth must be at least 1 byte");
        }
        if (keep.isNegative()) {
            throw new IllegalArgumentException("cowshed.operations.keep must not be negative");
        }
    }
}
