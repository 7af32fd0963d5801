package io.cowshed.ci;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.util.UUID;

/** There is no hook of that id. */
public final class HookNotFound extends CowshedException {

    HookNotFound(UUID id) {
        super(ProblemType.NOT_FOUND, "There is no hook " + id + ".", "List those there are: GET /api/v1/hooks.");
    }
}
