package io.cowshed.retention;

import java.time.Duration;

/** How work that nobody waits for leaves room to what somebody waits for. */
final class Turns {

    /**
     * How many images are worked on in one turn: enough to share what a transaction and its flushes cost, few enough that a clone
     * of their parent, which is locked meanwhile, does not wait for long.
     */
    static final int PAGE = 25;

    private Turns() {}

    /**
     * Rests as long as a turn has taken: that is longer the more others are doing, too.
     *
     * @param start of the turn, by {@link System#nanoTime()}
     * @return whether there is to be another turn; not when the service stops
     */
    static boolean rest(long start) {
        try {
            Thread.sleep(Duration.ofNanos(System.nanoTime() - start));
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
