package io.cowshed.health;

import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/**
 * Goes on serving for a while after readiness has been withdrawn, so that a load balancer has noticed by the time that no more
 * calls are taken.
 */
@Component
@EnableConfigurationProperties(ShutdownProperties.class)
class Drain {

    private static final Logger LOG = LoggerFactory.getLogger(Drain.class);

    private final Duration drain;

    Drain(ShutdownProperties properties) {
        this.drain = properties.drain();
    }

    /** Readiness is withdrawn before this event, and the server stops after it. */
    @EventListener(ContextClosedEvent.class)
    void goOnServing() {
        if (drain.isPositive()) {
            LOG.info("Not ready any more; calls are taken for another {}", drain);
            try {
                Thread.sleep(drain);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
