package io.cowshed.metrics;

import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/** Takes every census, those of one source after the other, by one thread for each source. */
@Component
@EnableConfigurationProperties(MetricsProperties.class)
class CensusTaker implements SmartLifecycle {

    private static final Duration LAST_ROUND = Duration.ofSeconds(2);

    private final List<SourceRounds> rounds;
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean running;

    CensusTaker(List<Census> all, MeterRegistry meters, MetricsProperties properties) {
        this.rounds = Stream.of(Source.values())
                .map(source -> new SourceRounds(
                        source,
                        all.stream().filter(census -> census.source() == source).toList(),
                        meters,
                        properties.interval(),
                        System::nanoTime))
                .toList();
    }

    /** Threads of the platform: a volume that hangs would keep the carriers of virtual ones, which serve requests. */
    @Override
    public void start() {
        running = true;
        for (SourceRounds one : rounds) {
            threads.add(Thread.ofPlatform()
                    .name("census-" + one.source().word())
                    .daemon()
                    .start(one::goOn));
        }
    }

    /** One that hangs is left behind. */
    @Override
    public void stop() {
        running = false;
        threads.forEach(Thread::interrupt);
        try {
            for (Thread thread : threads) {
                thread.join(LAST_ROUND);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        threads.clear();
    }

    @Override
    public boolean isRunning() {
        return running;
    }
}
