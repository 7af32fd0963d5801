package io.cowshed.attachment;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;

/** Somebody has an image attached, and what was asked for does not go together with that. */
public final class ImageAttached extends CowshedException {

    /**
     * @param attempt what is refused, as in "cannot be <i>sealed</i>"
     * @param attachment one of those that stand in the way
     * @param others how many more there are
     */
    ImageAttached(String imageName, String attempt, Attachment attachment, long others) {
        super(
                ProblemType.IMAGE_ATTACHED,
                "Image \"" + imageName + "\" cannot be " + attempt + ": \"" + attachment.holder() + "\" "
                        + (attachment.lasting() ? "has" : "had") + " it attached ("
                        + attachment.access().word() + ", attachment " + attachment.id() + ")"
                        + (attachment.lasting() ? "" : ", and what is to follow that has not been done yet")
                        + (others == 0 ? "." : "; " + others + " more."),
                attachment.lasting()
                        ? "Detach it: DELETE /api/v1/attachments/" + attachment.id()
                                + ". Where the holder is gone, it lapses at " + attachment.expiresAt()
                                + " unless a QEMU has the file open; an administrator can break it: POST"
                                + " /api/v1/attachments/" + attachment.id() + "/break."
                        : "See what it waits for: GET /api/v1/attachments/" + attachment.id()
                                + ". Stop the QEMU that has the file open, then try again.");
        member("attachment", attachment.id());
        member("holder", attachment.holder());
        member("access", attachment.access().word());
    }
}
