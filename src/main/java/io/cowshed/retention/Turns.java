package io.cowshed.retention;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/** How work that nobody waits for leaves room to what somebody waits for, and ends when the service stops. */
@Component
class Turns implements SmartLifecycle {

    /**
     * How many images are worked on in one turn: enough to share what a transaction and its flushes cost, few enough that a clone
     * of their parent, which is locked meanwhile, does not wait for long.
     */
    static final int PAGE = 25;

    private volatile boolean running;

    @Override
    public void start() {
        running = true;
    }

    /** No other turn begins; what is left over is another replica's, or the next start's. */
    @Override
    public void stop() {
        running = false;
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    /**
     * Takes turns until nothing is left, or the service stops. After each it rests half as long as that has taken, which is longer
     * the more others are doing, too.
     *
     * @param turn answers whether there may be something left
     */
    void takeAll(BooleanSupplier turn) {
        try {
            long start = System.nanoTime();
            while (running && turn.getAsBoolean()) {
                Thread.sleep(Duration.ofNanos((System.nanoTime() - start) / 2));
                start = System.nanoTime();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
