package io.cowshed;

import org.springframework.boot.task.ThreadPoolTaskSchedulerBuilder;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;

/**
 * Where what is {@code @Scheduled} runs: on threads of the platform, one for each task. With virtual threads Spring would have all
 * tasks of a fixed delay share a single thread, in which one that waits for a volume that hangs, or that has ten thousand images
 * to remove, keeps the others from their turn. How many there are is said in {@code application.yaml}.
 */
@Configuration(proxyBeanMethods = false)
class UpkeepThreads {

    @Bean
    ThreadPoolTaskScheduler taskScheduler(ThreadPoolTaskSchedulerBuilder builder) {
        return builder.build();
    }
}
