package io.cowshed.ci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class DeliveryRateTests {

    private Instant now = Instant.parse("2026-11-21T00:00:00Z");

    private final DeliveryRate rate = new DeliveryRate(new Clock() {
        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return now;
        }
    });

    @Test
    void aHookMayMakeAThousandAtOnceAndAHundredASecond() {
        UUID hook = UUID.randomUUID();
        take(hook, 1000);
        assertThatThrownBy(() -> rate.take(hook)).isInstanceOf(Overloaded.class);
        assertThatCode(() -> rate.take(UUID.randomUUID())).doesNotThrowAnyException();
        now = now.plusSeconds(1);
        take(hook, 100);
        assertThatThrownBy(() -> rate.take(hook)).isInstanceOf(Overloaded.class);
        now = now.plusSeconds(3600);
        take(hook, 1000);
        assertThatThrownBy(() -> rate.take(hook)).isInstanceOf(Overloaded.class);
    }

    @Test
    void whoMakesFarTooManyStillMakesAHundredASecond() {
        UUID hook = UUID.randomUUID();
        take(hook, 1000);
        int taken = 0;
        for (int i = 0; i < 10_000; i++) {
            now = now.plusNanos(100_000);
            taken += isTaken(hook) ? 1 : 0;
        }
        assertThat(taken).isBetween(99, 100);
    }

    private boolean isTaken(UUID hook) {
        try {
            rate.take(hook);
            return true;
        } catch (Overloaded _) {
            return false;
        }
    }

    private void take(UUID hook, int times) {
        for (int i = 0; i < times; i++) {
            rate.take(hook);
        }
    }
}
