package io.cowshed.operation;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.util.UUID;

/** An operation has a claim on the image that does not go together with what was asked for. */
public final class ImageBusy extends CowshedException {

    ImageBusy(UUID image, UUID operation, String kind) {
        super(
                ProblemType.IMAGE_BUSY,
                "Image " + image + " is needed by an operation (" + kind + ") that is not over yet.",
                "Wait for it with GET /api/v1/operations/" + operation + " and Prefer: wait=60, or cancel it: POST"
                        + " /api/v1/operations/" + operation + "/cancel.");
        member("operation", operation);
    }
}
