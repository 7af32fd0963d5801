package io.cowshed.attachment;

import io.cowshed.catalog.Image;
import io.cowshed.database.ClockWatch;
import io.cowshed.engine.posix.FileUse;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.DatabaseUnavailable;
import io.cowshed.problem.ProblemType;
import io.cowshed.volume.ImageFileMissing;
import io.cowshed.volume.Volume;
import java.util.EnumSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Ends attachments, in two steps: the row says that it is over; then the file is read again, and done with the image what was
 * wished. The second has to wait where a QEMU still has the file open, or an operation needs the image; until it is done the
 * attachment holds the image. In no transaction: a file may keep it waiting.
 */
@Component
public class Detaching {

    private static final Logger LOG = LoggerFactory.getLogger(Detaching.class);

    private static final EnumSet<ProblemType> NOT_NOW = EnumSet.of(
            ProblemType.IMAGE_BUSY,
            ProblemType.IMAGE_IN_USE,
            ProblemType.IMAGE_ATTACHED,
            ProblemType.IMAGE_HAS_CHILDREN,
            ProblemType.ATTACHMENT_ENDED,
            ProblemType.PRECONDITION_FAILED,
            ProblemType.NOT_FOUND);

    private final Attachments attachments;
    private final AttachmentListing listing;
    private final AttachedImages attached;
    private final FileReview review;
    private final Disposal disposal;
    private final Volume volume;
    private final ClockWatch clock;

    Detaching(
            Attachments attachments,
            AttachmentListing listing,
            AttachedImages attached,
            FileReview review,
            Disposal disposal,
            Volume volume,
            ClockWatch clock) {
        this.attachments = attachments;
        this.listing = listing;
        this.attached = attached;
        this.review = review;
        this.disposal = disposal;
        this.volume = volume;
        this.clock = clock;
    }

    /**
     * The holder gives the image back. Does no more than to try the second step again where the attachment has ended.
     *
     * @throws AttachmentNotFound if there is none
     */
    public Attachment detach(UUID id, String by) {
        return finish(attachments.end(id, AttachmentState.DETACHED, by, null));
    }

    /**
     * Ends the attachment of a holder who does not. Does no more than to try the second step again where it has ended.
     *
     * @param reason why, at most 500 characters
     * @throws AttachmentNotFound if there is none
     * @throws CowshedException of type INVALID_REQUEST if the reason is no text
     */
    public Attachment breakUp(UUID id, String by, String reason) {
        NewAttachment.requireReason(reason);
        boolean lasted = attachments.find(id).lasting();
        Attachment broken = attachments.end(id, AttachmentState.BROKEN, by, reason);
        if (lasted) {
            LOG.warn(
                    "{} broke attachment {} of image {} to \"{}\": {}",
                    by,
                    id,
                    broken.image(),
                    broken.holder(),
                    reason);
        }
        return finish(broken);
    }

    /** Ends what is over of an image's attachments, as far as nobody has the file open, and the clock can be trusted. */
    public void settle(UUID image) {
        settle(image, null);
    }

    /** As above, but for a holder who is just heard of. */
    void settle(UUID image, @Nullable String holder) {
        for (Attachment due : listing.due(image)) {
            if (!(due.lasting() && due.holder().equals(holder))) {
                lookAfter(due);
            }
        }
    }

    /**
     * That nobody has the image attached, once all is ended that is over. Whoever changes the image asks again, in the
     * transaction that does.
     *
     * @param attempt what is refused otherwise, as in "cannot be <i>sealed</i>"
     * @throws ImageAttached if somebody has
     */
    public void requireNone(Image image, String attempt) {
        settle(image.id());
        attached.requireNone(image, attempt);
    }

    /** As {@link #requireNone}, of those who write to it. */
    public void requireNoWriter(Image image, String attempt) {
        settle(image.id());
        attached.requireNoWriter(image, attempt);
    }

    /** Goes on with an attachment whose time is over, or which has ended and still holds its image. */
    void lookAfter(Attachment due) {
        if (!due.lasting()) {
            finish(due);
        } else if (clock.isTrusted() && isIdle(due.image())) {
            // One who was faster sees to the rest.
            if (attachments.lapse(due.id())) {
                LOG.info("Attachment {} of image {} to \"{}\" has lapsed", due.id(), due.image(), due.holder());
                finish(attachments.find(due.id()));
            }
        }
    }

    private boolean isIdle(UUID image) {
        try {
            return volume.use(image) == FileUse.NONE;
        } catch (ImageFileMissing _) {
            volume.requireMounted();
            return true;
        }
    }

    private Attachment finish(Attachment ended) {
        if (ended.lasting() || ended.isSettled()) {
            return ended;
        }
        try {
            // To try for the locks would be in the way of a QEMU that is about to start.
            if (ended.access() == Access.RO || isIdle(ended.image())) {
                review.after(ended);
                disposal.after(ended);
            }
        } catch (DatabaseUnavailable e) {
            throw e;
        } catch (CowshedException e) {
            if (NOT_NOW.contains(e.type())) {
                LOG.debug("Attachment {} holds image {} for now", ended.id(), ended.image(), e);
            } else {
                LOG.warn("Attachment {} holds image {}: {}", ended.id(), ended.image(), e.detail(), e);
            }
        }
        Attachment after = attachments.find(ended.id());
        return after.isSettled() ? after : attachments.leave(ended.id());
    }
}
