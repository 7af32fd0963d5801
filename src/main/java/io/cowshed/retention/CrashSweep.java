package io.cowshed.retention;

import io.cowshed.catalog.Catalog;
import io.cowshed.catalog.Images;
import io.cowshed.catalog.Settlement;
import io.cowshed.volume.Volume;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.event.ApplicationStartedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/**
 * Finishes what a replica that died had begun: files that never got their row, rows whose file was never finished, removed
 * images whose file was still there. At every start, and every ten minutes for the replicas that died elsewhere. What
 * another replica is working on is fenced, and left alone.
 */
@Component
class CrashSweep {

    private static final Logger LOG = LoggerFactory.getLogger(CrashSweep.class);

    private final Catalog catalog;
    private final Images images;
    private final Settlement settlement;
    private final Volume volume;

    CrashSweep(Catalog catalog, Images images, Settlement settlement, Volume volume) {
        this.catalog = catalog;
        this.images = images;
        this.settlement = settlement;
        this.volume = volume;
    }

    @EventListener(ApplicationStartedEvent.class)
    @Scheduled(initialDelay = 600_000, fixedDelay = 600_000)
    void sweep() {
        try {
            volume.sweep(settlement::isThere, images::exists, settlement::isAwaited);
            for (UUID id : images.creating()) {
                // A file is made before its row and loses its incoming name after it: without one nobody is at work,
                // unless it is an operation that has yet to begin.
                if (!volume.isIncoming(id) && !settlement.isAwaited(id)) {
                    catalog.abandon(id);
                    LOG.info("Gave back the name that was reserved for image {}", id);
                }
            }
        } catch (RuntimeException e) {
            LOG.error("The sweep could not be finished; it will be tried again", e);
        }
    }
}
