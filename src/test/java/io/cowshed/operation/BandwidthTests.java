package io.cowshed.operation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.operation.OperationStopped.Reason;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BandwidthTests {

    @Test
    void allTogetherAreNoFasterThanAllowed() throws Exception {
        Bandwidth bandwidth = new Bandwidth(1_000_000L);
        long begin = System.nanoTime();
        try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
            List<? extends Future<?>> takers = IntStream.range(0, 3)
                    .mapToObj(_ -> threads.submit(() -> {
                        for (int i = 0; i < 10; i++) {
                            bandwidth.take(20_000, () -> {});
                        }
                    }))
                    .toList();
            for (Future<?> taker : takers) {
                taker.get();
            }
        }
        assertThat(since(begin)).isBetween(Duration.ofMillis(599), Duration.ofSeconds(3));
    }

    @Test
    void withoutALimitNobodyWaits() {
        long begin = System.nanoTime();
        new Bandwidth(null).take(Long.MAX_VALUE, () -> {
            throw new AssertionError("there is nothing to wait for");
        });
        assertThat(since(begin)).isLessThan(Duration.ofSeconds(1));
    }

    @Test
    void whoIsStoppedWaitsNoLongerAndKeepsNobodyElseWaiting() {
        Bandwidth bandwidth = new Bandwidth(1L);
        long begin = System.nanoTime();
        assertThatThrownBy(() -> bandwidth.take(1_000_000, () -> {
                    throw new OperationStopped(Reason.CANCELLED);
                }))
                .isInstanceOf(OperationStopped.class);
        bandwidth.take(1, () -> {});
        assertThat(since(begin)).isLessThan(Duration.ofSeconds(3));
    }

    private static Duration since(long begin) {
        return Duration.ofNanos(System.nanoTime() - begin);
    }
}
