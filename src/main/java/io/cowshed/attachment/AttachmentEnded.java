package io.cowshed.attachment;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.time.Instant;

/** A holder is heard of whose attachment is over. */
public final class AttachmentEnded extends CowshedException {

    AttachmentEnded(Attachment attachment, Instant now) {
        super(
                ProblemType.ATTACHMENT_ENDED,
                "Attachment " + attachment.id() + " is over: it was "
                        + attachment.state(now).word() + " at " + attachment.endedAt() + ".",
                "Attach the image anew: POST /api/v1/images/" + attachment.image() + "/attachments.");
    }
}
