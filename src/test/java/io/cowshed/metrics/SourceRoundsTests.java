package io.cowshed.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class SourceRoundsTests {

    private static final Duration INTERVAL = Duration.ofSeconds(15);

    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final AtomicLong nanos = new AtomicLong();
    private Supplier<List<Count>> answer = List::of;
    private final SourceRounds rounds =
            new SourceRounds(Source.DATABASE, List.of(new Asked()), meters, INTERVAL, nanos::get);

    private final class Asked implements Census {
        @Override
        public Source source() {
            return Source.DATABASE;
        }

        @Override
        public List<Count> take() {
            return answer.get();
        }
    }

    private static Count cows(String state, long value) {
        return Count.of("cows", "Cows", Tags.of("state", state), value);
    }

    private double cows(String state) {
        return meters.get("cows").tag("state", state).gauge().value();
    }

    private double up() {
        return meters.get("cowshed.source.up").gauge().value();
    }

    @Test
    void nothingIsKnownBeforeTheFirstRound() {
        assertThat(up()).isZero();
    }

    @Test
    void whatWasCountedIsShownAndWhatIsNotThereAnyMoreIsNone() {
        answer = () -> List.of(cows("grazing", 3), cows("asleep", 2));
        rounds.round();
        assertThat(cows("grazing")).isEqualTo(3);
        assertThat(cows("asleep")).isEqualTo(2);
        assertThat(up()).isEqualTo(1);

        answer = () -> List.of(cows("grazing", 5));
        rounds.round();
        assertThat(cows("grazing")).isEqualTo(5);
        assertThat(cows("asleep")).isZero();
    }

    @Test
    void whatCannotBeCountedIsNotSaidToBeWhatItWas() {
        answer = () -> List.of(cows("grazing", 3));
        rounds.round();
        answer = () -> {
            throw new IllegalStateException("the gate is shut");
        };
        rounds.round();
        assertThat(cows("grazing")).isNaN();
        assertThat(up()).isZero();

        answer = () -> List.of(cows("grazing", 4));
        rounds.round();
        assertThat(cows("grazing")).isEqualTo(4);
        assertThat(up()).isEqualTo(1);
    }

    @Test
    void aSourceThatHangsIsAway() throws Exception {
        answer = () -> List.of(cows("grazing", 3));
        rounds.round();
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch told = new CountDownLatch(1);
        answer = () -> {
            asked.countDown();
            await(told);
            return List.of(cows("grazing", 3));
        };
        Thread thread = Thread.ofVirtual().start(rounds::round);
        asked.await();
        assertThat(up()).isEqualTo(1);

        nanos.addAndGet(Duration.ofMinutes(1).toNanos());
        assertThat(up()).isZero();
        assertThat(cows("grazing")).isNaN();

        told.countDown();
        thread.join();
        assertThat(up()).isEqualTo(1);
    }

    @Test
    void aRoundThatTakesLongIsFollowedByALongRest() {
        assertThat(rounds.round()).isEqualTo(INTERVAL.toNanos());
        answer = () -> {
            nanos.addAndGet(Duration.ofSeconds(10).toNanos());
            return List.of();
        };
        assertThat(rounds.round()).isEqualTo(Duration.ofSeconds(100).toNanos());
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
