package io.cowshed;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.ServiceTests;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.scheduling.annotation.ScheduledAnnotationBeanPostProcessor;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;

/** That no upkeep waits for another. */
class UpkeepThreadsTests extends ServiceTests {

    @Test
    void aTaskThatHangsKeepsNoOtherFromItsTurn() throws Exception {
        TaskScheduler scheduler = service.bean(TaskScheduler.class);
        CountDownLatch hanging = new CountDownLatch(1);
        CountDownLatch over = new CountDownLatch(1);
        CountDownLatch turns = new CountDownLatch(3);
        ScheduledFuture<?> hung = scheduler.scheduleWithFixedDelay(
                () -> {
                    hanging.countDown();
                    await(over);
                },
                Duration.ofMillis(1));
        await(hanging);
        ScheduledFuture<?> other = scheduler.scheduleWithFixedDelay(turns::countDown, Duration.ofMillis(1));
        try {
            assertThat(turns.await(1, TimeUnit.MINUTES)).isTrue();
        } finally {
            hung.cancel(false);
            other.cancel(false);
            over.countDown();
        }
    }

    @Test
    void eachTaskHasAThread() {
        assertThat(service.bean(ScheduledAnnotationBeanPostProcessor.class)
                        .getScheduledTasks()
                        .size())
                .isPositive()
                .isLessThanOrEqualTo(service.bean(ThreadPoolTaskScheduler.class)
                        .getScheduledThreadPoolExecutor()
                        .getCorePoolSize());
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
