package io.cowshed.catalog;

import io.cowshed.problem.CowshedException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.convert.DurationUnit;

/**
 * On which terms disposable images live, {@code cowshed.lifetimes.*}.
 *
 * @param grace how long before its end an image is announced to go, and never goes sooner after that; at most half of the time
 *     that it was given
 * @param longest how long an image may live in all, renewals included
 */
@ConfigurationProperties("cowshed.lifetimes")
public record LeaseTerms(
        @DurationUnit(ChronoUnit.HOURS) Duration grace,
        @DurationUnit(ChronoUnit.DAYS) Duration longest) {

    /** @throws IllegalArgumentException if a value cannot be */
    public LeaseTerms {
        if (grace.isNegative()) {
            throw new IllegalArgumentException("cowshed.lifetimes.grace must not be negative");
        }
        if (!longest.isPositive() || longest.compareTo(Duration.ofDays(36_500)) > 0) {
            throw new IllegalArgumentException("cowshed.lifetimes.longest must be positive, and at most P36500D");
        }
    }

    /**
     * A lease that begins.
     *
     * @param ttl how long it lasts
     * @param copy what the image is to be copied to before it goes; null for nothing
     * @throws CowshedException of type INVALID_REQUEST if it cannot last that long
     */
    public Lease begin(Instant now, Duration ttl, OnExpire onExpire, @Nullable ImageName copy) {
        Instant from = now.truncatedTo(ChronoUnit.MICROS);
        Instant end = from.plus(requireTtl(ttl)).truncatedTo(ChronoUnit.MICROS);
        requireAllowed(from, end);
        Instant warnAt = warning(from, end);
        return new Lease(
                from,
                end,
                onExpire,
                copy == null ? null : copy.value(),
                null,
                null,
                warnAt,
                null,
                warnAt,
                null,
                null,
                0);
    }

    /**
     * The lease with a time to live from now on.
     *
     * @param shorten whether it may end sooner than it would have
     * @throws CowshedException of type INVALID_REQUEST if it cannot last that long
     */
    Lease renewed(Lease lease, Instant now, Duration ttl, boolean shorten) {
        Instant end = now.plus(requireTtl(ttl)).truncatedTo(ChronoUnit.MICROS);
        requireAllowed(lease.from(), end);
        return shorten || end.isAfter(lease.expiresAt()) ? lease.until(end, warning(now, end)) : lease;
    }

    /**
     * That the copy which is to be made before an image goes does not have the name of the image itself, which is there still.
     *
     * @throws CowshedException of type INVALID_REQUEST if it has
     */
    public static void requireOtherName(String image, @Nullable Lease lease) {
        if (lease != null && image.equals(lease.copy())) {
            throw Text.refuse(
                    "The copy that is made before the image goes cannot have the name of the image, \"" + image + "\".",
                    "Give beforeDelete.copy another name.");
        }
    }

    /**
     * The lease with another end, which may be past: such a one is no more time, however long the image has lived.
     *
     * @throws CowshedException of type INVALID_REQUEST if it cannot last that long
     */
    Lease until(Lease lease, Instant now, Instant expiresAt) {
        Instant end = expiresAt.truncatedTo(ChronoUnit.MICROS);
        if (end.isAfter(now)) {
            requireAllowed(lease.from(), end);
        }
        return lease.until(end, warning(now, end));
    }

    /** The latest that a lease can be renewed to. */
    public Instant latest(Lease lease) {
        return lease.from().plus(longest);
    }

    /**
     * The time to live.
     *
     * @throws CowshedException of type INVALID_REQUEST if no image lives that long
     */
    public Duration requireTtl(Duration ttl) {
        if (!ttl.isPositive() || ttl.compareTo(longest) > 0) {
            throw Text.refuse(
                    "A time to live cannot be " + ttl + ".",
                    "Use an ISO 8601 duration such as PT8H, of at most " + longest + " (cowshed.lifetimes.longest).");
        }
        return ttl;
    }

    private void requireAllowed(Instant from, Instant end) {
        Instant latest = from.plus(longest);
        if (end.isAfter(latest)) {
            throw Text.refuse(
                    "The image cannot live until " + end + ": a disposable one lives " + longest
                            + " at most, this one until " + latest + ".",
                    "Ask for less, or keep it: POST /api/v1/images/{ref}/keep makes it persistent.");
        }
    }

    private Instant warning(Instant now, Instant end) {
        Duration half = Duration.between(now, end).dividedBy(2);
        Duration before = half.isNegative() ? Duration.ZERO : half.compareTo(grace) < 0 ? half : grace;
        return end.minus(before).truncatedTo(ChronoUnit.MICROS);
    }
}
