package io.cowshed.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class PausesTests {

    private static final Instant START = Instant.parse("2026-11-21T12:00:00Z");

    private final Pauses pauses = new Pauses();

    @Test
    void pausesGrowToAMinuteAndAreSaidOnce() {
        assertThat(pauses.isOver("one", START)).isTrue();
        assertThat(pauses.begin("one", START)).isTrue();
        assertThat(pauses.isOver("one", START.plusSeconds(4))).isFalse();
        assertThat(pauses.isOver("other", START)).isTrue();
        Instant now = START.plusSeconds(5);
        for (int seconds : new int[] {10, 20, 40, 60, 60}) {
            assertThat(pauses.isOver("one", now)).isTrue();
            assertThat(pauses.begin("one", now)).isFalse();
            assertThat(pauses.isOver("one", now.plusSeconds(seconds - 1))).isFalse();
            now = now.plusSeconds(seconds);
        }
        assertThat(pauses.isOver("one", now)).isTrue();
        assertThat(pauses.end("one")).isTrue();
        assertThat(pauses.end("one")).isFalse();
        assertThat(pauses.begin("one", now)).isTrue();
    }

    @Test
    void aClockThatIsSetBackEndsAPause() {
        pauses.begin("one", START);
        assertThat(pauses.isOver("one", START.minusSeconds(3600))).isTrue();
    }
}
