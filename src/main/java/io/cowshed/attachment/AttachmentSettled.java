package io.cowshed.attachment;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;

/** Another replica has done all that the end of an attachment entails. */
final class AttachmentSettled extends CowshedException {

    AttachmentSettled(Attachment attachment) {
        super(
                ProblemType.ATTACHMENT_ENDED,
                "All that the end of attachment " + attachment.id() + " entails was done meanwhile.",
                "See what became of the image: GET /api/v1/attachments/" + attachment.id() + ".");
    }
}
