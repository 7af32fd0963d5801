package io.cowshed.notify;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RetryScheduleTests {

    private static final Instant START = Instant.parse("2026-11-20T12:00:00Z");

    private final RetrySchedule schedule = new RetrySchedule(Duration.ofDays(1), new Random(1));

    @Test
    void triesComeEverMoreSeldomForADay() {
        Instant now = START;
        Duration before = Duration.ZERO;
        int attempts = 1;
        for (Optional<Instant> next = schedule.next(1, START, now);
                next.isPresent();
                next = schedule.next(attempts, START, now)) {
            Duration pause = Duration.between(now, next.get());
            if (attempts < 8) {
                assertThat(pause).isGreaterThan(before);
            }
            assertThat(pause).isBetween(Duration.ofMillis(3750), Duration.ofMinutes(450));
            before = pause;
            now = next.get();
            attempts++;
        }

        assertThat(attempts).isBetween(9, 14);
        assertThat(now).isBetween(START.plus(Duration.ofHours(15)), START.plus(Duration.ofDays(1)));
    }

    @Test
    void whatFailsTogetherIsNotTriedTogether() {
        assertThat(schedule.next(5, START, START)).isNotEqualTo(schedule.next(5, START, START));
    }

    @Test
    void aReceiverRestsAMinuteOrSoAtMost() {
        assertThat(schedule.rest(1)).isLessThan(Duration.ofSeconds(2));
        assertThat(schedule.rest(1000)).isBetween(Duration.ofSeconds(45), Duration.ofSeconds(75));
    }
}
