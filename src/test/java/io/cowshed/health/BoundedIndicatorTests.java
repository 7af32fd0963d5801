package io.cowshed.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;

class BoundedIndicatorTests {

    private final AtomicInteger asked = new AtomicInteger();

    @Test
    void whatHangsIsDownForAllWhoAskAndAskedOnce() throws Exception {
        CountDownLatch hung = new CountDownLatch(1);
        BoundedIndicator indicator = new BoundedIndicator("The volume", () -> {
            asked.incrementAndGet();
            awaitUninterruptibly(hung);
        });
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Health>> answers = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                answers.add(callers.submit(() -> indicator.health()));
            }
            for (Future<Health> answer : answers) {
                Health health = answer.get();
                assertThat(health.getStatus()).isEqualTo(Status.DOWN);
                assertThat(String.valueOf(health.getDetails().get("problem")))
                        .matches("The volume has not answered for \\d+ seconds\\.");
                assertThat(health.getDetails()).containsKey("remedy");
            }
        }
        assertThat(asked).hasValue(1);

        hung.countDown();
        while (!indicator.health().getStatus().equals(Status.UP)) {
            Thread.onSpinWait();
        }
    }

    @Test
    void whatIsRefusedIsDownForThatReason() {
        BoundedIndicator indicator = new BoundedIndicator("The volume", () -> {
            throw new CowshedException(ProblemType.VOLUME_UNAVAILABLE, "It is gone.", "Bring it back.");
        });
        Health health = indicator.health();
        assertThat(health.getStatus()).isEqualTo(Status.DOWN);
        assertThat(health.getDetails())
                .containsEntry("problem", "It is gone.")
                .containsEntry("remedy", "Bring it back.");
    }

    @Test
    void anAnswerIsGoodForAWhile() {
        AtomicLong nanos = new AtomicLong();
        BoundedIndicator indicator = new BoundedIndicator("The volume", asked::incrementAndGet, nanos::get);
        for (int i = 0; i < 10; i++) {
            assertThat(indicator.health().getStatus()).isEqualTo(Status.UP);
        }
        assertThat(asked).hasValue(1);
        nanos.set(1_000_000_000);
        assertThat(indicator.health().getStatus()).isEqualTo(Status.UP);
        assertThat(asked).hasValue(2);
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
