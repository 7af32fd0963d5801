package io.cowshed.retention;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class TurnsTests {

    private final Turns turns = new Turns();
    private final AtomicInteger taken = new AtomicInteger();

    @Test
    void areTakenUntilNothingIsLeft() {
        turns.start();

        turns.takeAll(() -> taken.incrementAndGet() < 3);

        assertThat(taken).hasValue(3);
    }

    @Test
    void endWhenTheServiceStopsThoughMoreIsLeft() {
        turns.start();

        turns.takeAll(() -> {
            taken.incrementAndGet();
            turns.stop();
            return true;
        });

        assertThat(taken).hasValue(1);
    }
}
