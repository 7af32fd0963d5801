package io.cowshed.notify;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Set;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.convert.DurationUnit;

/**
 * Where events are sent and how, {@code cowshed.subscriptions.*}.
 *
 * @param schemes of {@code https} and {@code http}
 * @param ports that may be sent to; none for any
 * @param hosts names, {@code *.example.com} for all below one; none for any
 * @param networks in CIDR form, sent to although they are not public
 * @param connectTimeout for one address
 * @param timeout for all of it, from the look-up of the name to the end of the answer
 * @param parallel how many are sent at a time by a replica
 * @param parallelEach how many of these to one subscription
 * @param retryFor how long a delivery is tried before it is dead
 * @param disableAfter how long every try fails before the subscription is disabled
 * @param keepDeliveries how long those that are over are listed
 */
@ConfigurationProperties("cowshed.subscriptions")
record SubscriptionProperties(
        Set<String> schemes,
        Set<Integer> ports,
        List<String> hosts,
        List<String> networks,
        @DurationUnit(ChronoUnit.SECONDS) Duration connectTimeout,
        @DurationUnit(ChronoUnit.SECONDS) Duration timeout,
        int parallel,
        int parallelEach,
        @DurationUnit(ChronoUnit.DAYS) Duration retryFor,
        @DurationUnit(ChronoUnit.DAYS) Duration disableAfter,
        @DurationUnit(ChronoUnit.DAYS) Duration keepDeliveries) {

    private static final int MOST_PARALLEL = 256;

    /** @throws IllegalArgumentException if a value cannot be */
    SubscriptionProperties {
        if (!Set.of("https", "http").containsAll(schemes)) {
            throw new IllegalArgumentException("cowshed.subscriptions.schemes must be of https and http");
        }
        require(connectTimeout.isPositive() && timeout.isPositive(), "timeouts must be more than nothing");
        require(parallel >= 2 && parallel <= MOST_PARALLEL, "parallel must be 2 to " + MOST_PARALLEL);
        require(parallelEach >= 1 && parallelEach <= parallel, "parallel-each must be 1 to that of parallel");
        require(
                retryFor.isPositive() && disableAfter.isPositive(),
                "retry-for and disable-after must be more than nothing");
        require(!keepDeliveries.isNegative(), "keep-deliveries must not be negative");
        networks.forEach(AddressRange::parse);
        ports = Set.copyOf(ports);
        hosts = List.copyOf(hosts);
        networks = List.copyOf(networks);
    }

    private static void require(boolean holds, String rule) {
        if (!holds) {
            throw new IllegalArgumentException("cowshed.subscriptions: " + rule);
        }
    }
}
