package io.cowshed.attachment;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.util.UUID;

/** There is no attachment of that id. */
public final class AttachmentNotFound extends CowshedException {

    AttachmentNotFound(UUID id) {
        super(
                ProblemType.NOT_FOUND,
                "There is no attachment " + id + ".",
                "List those there are: GET /api/v1/attachments.");
    }
}
