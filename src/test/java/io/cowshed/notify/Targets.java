package io.cowshed.notify;

import java.time.Duration;
import java.util.List;
import java.util.Set;

/** Properties for tests of where events are sent. */
final class Targets {

    static final Duration TIMEOUT = Duration.ofMillis(700);

    private Targets() {}

    /** As they are by default. */
    static SubscriptionProperties strict() {
        return properties(Set.of("https"), Set.of(443), List.of(), List.of());
    }

    /** Receivers on the loopback interface. */
    static SubscriptionProperties loopback() {
        return properties(Set.of("http"), Set.of(), List.of(), List.of("127.0.0.0/8"));
    }

    static SubscriptionProperties properties(
            Set<String> schemes, Set<Integer> ports, List<String> hosts, List<String> networks) {
        return new SubscriptionProperties(
                schemes,
                ports,
                hosts,
                networks,
                TIMEOUT,
                TIMEOUT,
                8,
                4,
                Duration.ofDays(1),
                Duration.ofDays(5),
                Duration.ofDays(30));
    }
}
