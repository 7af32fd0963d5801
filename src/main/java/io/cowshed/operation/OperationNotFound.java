package io.cowshed.operation;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.util.UUID;

/** There is no such operation, or it ended so long ago that it was forgotten. */
final class OperationNotFound extends CowshedException {

    OperationNotFound(UUID id) {
        super(
                ProblemType.NOT_FOUND,
                "There is no operation " + id + ".",
                "List those there are: GET /api/v1/operations.");
    }
}
