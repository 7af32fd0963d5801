package io.cowshed.ci;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import org.jspecify.annotations.Nullable;

/** A delivery is signed as it should be, and is not what its provider sends. */
final class UnreadableDelivery extends CowshedException {

    UnreadableDelivery(String why, @Nullable Throwable cause) {
        super(
                ProblemType.MALFORMED_BODY,
                "The delivery " + why + ".",
                "Have the provider send JSON (content type application/json) of the events that the hook is for.",
                cause);
    }
}
