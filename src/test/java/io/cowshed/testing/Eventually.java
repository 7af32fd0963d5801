package io.cowshed.testing;

import java.time.Duration;
import java.util.concurrent.Callable;
import org.awaitility.Awaitility;

/**
 * Waits for what comes about without telling. It asks with pauses: whoever asks without them has the processors, and the embedded
 * database, to himself, and nothing comes about.
 */
public final class Eventually {

    /** Longer than anything takes, but for noticing that a replica has died. */
    public static final Duration LONG = Duration.ofSeconds(60);

    private static final Duration A_MOMENT = Duration.ofMillis(5);

    private Eventually() {}

    /**
     * Returns when the condition holds.
     *
     * @throws org.awaitility.core.ConditionTimeoutException if that takes longer than {@link #LONG}
     */
    public static void until(Callable<Boolean> condition) {
        Awaitility.await()
                .atMost(LONG)
                .pollDelay(Duration.ZERO)
                .pollInterval(A_MOMENT)
                .until(condition);
    }
}
