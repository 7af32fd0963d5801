package io.cowshed.attachment;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.DatabaseUnavailable;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/**
 * Ends attachments whose holders are not heard of any more, and goes on with what the end of others entails; every quarter of a
 * minute, on every replica: what one is at, the file's lock keeps from the others.
 */
@Component
@EnableConfigurationProperties(AttachmentProperties.class)
class AttachmentUpkeep {

    private static final Logger LOG = LoggerFactory.getLogger(AttachmentUpkeep.class);

    private static final int PAGE = 100;

    private final AttachmentListing listing;
    private final Detaching detaching;
    private final AttachmentProperties properties;
    private final Clock clock;

    AttachmentUpkeep(AttachmentListing listing, Detaching detaching, AttachmentProperties properties, Clock clock) {
        this.listing = listing;
        this.detaching = detaching;
        this.properties = properties;
        this.clock = clock;
    }

    @Scheduled(initialDelay = 15_000, fixedDelay = 15_000)
    void sweep() {
        try {
            Instant now = clock.instant();
            List<Attachment> page = listing.due(now, null, PAGE);
            while (!page.isEmpty()) {
                page.forEach(this::lookAfter);
                page = listing.due(now, page.getLast(), PAGE);
            }
        } catch (DatabaseUnavailable e) {
            LOG.warn("The attachments cannot be gone through: {}", String.valueOf(e.getCause()));
        } catch (RuntimeException e) {
            LOG.warn("The attachments could not be gone through; it will be tried again", e);
        }
    }

    /** One that cannot be ended does not keep the others. */
    private void lookAfter(Attachment due) {
        try {
            detaching.lookAfter(due);
        } catch (DatabaseUnavailable e) {
            throw e;
        } catch (CowshedException e) {
            LOG.warn("Attachment {} of image {} stays for now: {}", due.id(), due.image(), e.detail(), e);
        } catch (RuntimeException e) {
            LOG.warn("Attachment {} of image {} stays for now, and is tried again", due.id(), due.image(), e);
        }
    }

    @Scheduled(initialDelay = 60_000, fixedDelay = 3_600_000)
    void forgetOldOnes() {
        int forgotten = listing.forget(clock.instant().minus(properties.keep()));
        if (forgotten > 0) {
            LOG.info("Forgot {} attachments that ended more than {} ago", forgotten, properties.keep());
        }
    }
}
