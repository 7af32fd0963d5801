package io.cowshed.catalog.web;

import io.cowshed.catalog.ImageName;
import io.cowshed.catalog.Labels;
import io.cowshed.catalog.Lifetime;
import io.cowshed.catalog.NewImage;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What every call that makes an image may say about it, however it says it; null stands for the default.
 *
 * @param lifetime disposable by default where there is a time to live, else persistent
 * @param ttl how long a disposable image lives, from now on
 */
public record NewImageFields(
        @Nullable String description,
        @Nullable Map<String, String> labels,
        @Nullable Lifetime lifetime,
        @Nullable Duration ttl) {

    private static final Duration LONGEST = Duration.ofDays(3650);

    /** The image of that name that they describe. */
    public NewImage named(UUID id, ImageName name, Instant now) {
        return new NewImage(
                id,
                name,
                description == null ? "" : description,
                labels == null ? Labels.none() : new Labels(labels),
                lifetime != null ? lifetime : ttl == null ? Lifetime.PERSISTENT : Lifetime.DISPOSABLE,
                ttl == null ? null : now.plus(checked(ttl)));
    }

    private static Duration checked(Duration ttl) {
        if (ttl.isNegative() || ttl.isZero() || ttl.compareTo(LONGEST) > 0) {
            throw new CowshedException(
                    ProblemType.INVALID_REQUEST,
                    "A time to live cannot be " + ttl + ".",
                    "Use an ISO 8601 duration from PT1S to P3650D, such as PT8H.");
        }
        return ttl;
    }
}
