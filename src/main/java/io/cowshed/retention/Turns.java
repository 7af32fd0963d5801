package io.cowshed.retention;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/** How work that nobody waits for leaves room to what somebody waits for. */
final class Turns {

    /**
     * How many images are worked on in one turn: enough to share what a transaction and its flushes cost, few enough that a clone
     * of their parent, which is locked meanwhile, does not wait for long.
     */
    static final int PAGE = 25;

    private Turns() {}

    /**
     * Takes turns until nothing is left, or the service stops. After each it rests half as long as that has taken, which is longer
     * the more others are doing, too.
     *
     * @param turn answers whether there may be something left
     */
    static void takeAll(BooleanSupplier turn) {
        try {
            long start = System.nanoTime();
            while (turn.getAsBoolean()) {
                Thread.sleep(Duration.ofNanos((System.nanoTime() - start) / 2));
                start = System.nanoTime();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
