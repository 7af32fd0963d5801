package io.cowshed.ci;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.util.UUID;

/** The hook has no delivery of that id, or it is forgotten. */
public final class DeliveryNotFound extends CowshedException {

    DeliveryNotFound(UUID hook, UUID id) {
        super(
                ProblemType.NOT_FOUND,
                "There is no delivery " + id + " of this hook.",
                "List those there are: GET /api/v1/hooks/" + hook + "/deliveries.");
    }
}
