package io.cowshed.database;

import java.time.Clock;
import java.time.Duration;

/** Clocks that cannot be trusted, for tests of other packages. */
public final class Distrust {

    private Distrust() {}

    /** One that another contradicts. */
    public static ClockWatch of(Clock clock) {
        return new ClockWatch(clock, () -> Duration.ofHours(1), System::nanoTime);
    }
}
