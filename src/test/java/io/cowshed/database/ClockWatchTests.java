package io.cowshed.database;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

class ClockWatchTests {

    private final HandWound clock = new HandWound();
    private long nanos;
    private Duration skew = Duration.ZERO;
    private final ClockWatch watch = new ClockWatch(clock, () -> skew, () -> nanos);

    @Test
    void aClockThatGoesWithTheTimeIsTrusted() {
        for (int i = 0; i < 100; i++) {
            assertThat(watch.isTrusted()).isTrue();
            pass(Duration.ofMinutes(10));
        }
    }

    @Test
    void oneThatJumpsAheadIsNotForAnHour() {
        assertThat(watch.isTrusted()).isTrue();
        pass(Duration.ofSeconds(15));
        clock.now = clock.now.plus(Duration.ofDays(400));
        assertThat(watch.isTrusted()).isFalse();
        pass(Duration.ofMinutes(59));
        assertThat(watch.isTrusted()).isFalse();
        pass(Duration.ofMinutes(2));
        assertThat(watch.isTrusted()).isTrue();
    }

    @Test
    void oneThatIsContradictedIsNotForAsLongAsThat() {
        skew = Duration.ofMinutes(-6);
        assertThat(watch.isTrusted()).isFalse();
        skew = Duration.ofSeconds(-3);
        assertThat(watch.isTrusted()).isTrue();
    }

    @Test
    void theHourBeginsAgainWithEachJump() {
        assertThat(watch.isTrusted()).isTrue();
        clock.now = clock.now.plus(Duration.ofDays(1));
        assertThat(watch.isTrusted()).isFalse();
        pass(Duration.ofMinutes(50));
        clock.now = clock.now.plus(Duration.ofDays(1));
        assertThat(watch.isTrusted()).isFalse();
        pass(Duration.ofMinutes(50));
        assertThat(watch.isTrusted()).isFalse();
        pass(Duration.ofMinutes(11));
        assertThat(watch.isTrusted()).isTrue();
    }

    @Test
    void oneThatIsSetBackOrCorrectedALittleIsTrusted() {
        assertThat(watch.isTrusted()).isTrue();
        clock.now = clock.now.minus(Duration.ofDays(1));
        assertThat(watch.isTrusted()).isTrue();
        pass(Duration.ofSeconds(15));
        clock.now = clock.now.plus(Duration.ofMinutes(4));
        assertThat(watch.isTrusted()).isTrue();
    }

    private void pass(Duration time) {
        clock.now = clock.now.plus(time);
        nanos += time.toNanos();
    }

    private static final class HandWound extends Clock {

        private Instant now = Instant.parse("2026-11-21T00:00:00Z");

        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            throw new UnsupportedOperationException();
        }
    }
}
