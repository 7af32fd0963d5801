package io.cowshed.metrics;

import io.micrometer.core.instrument.Tags;
import org.jspecify.annotations.Nullable;

/**
 * One number of a {@link Census}.
 *
 * @param name of the gauge, with dots
 * @param unit in the plural; null where things are counted
 * @param tags of few values: never a name that somebody has chosen
 */
public record Count(
        String name, String description, @Nullable String unit, Tags tags, double value) {

    /** A number of things. */
    public static Count of(String name, String description, Tags tags, long value) {
        return new Count(name, description, null, tags, (double) value);
    }

    /** A size. */
    public static Count bytes(String name, String description, long value) {
        return new Count(name, description, "bytes", Tags.empty(), (double) value);
    }

    /** A time. */
    public static Count seconds(String name, String description, Tags tags, double value) {
        return new Count(name, description, "seconds", tags, value);
    }
}
