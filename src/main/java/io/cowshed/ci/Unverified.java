package io.cowshed.ci;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;

/** A delivery that no secret of a hook stands behind. It says no more than that, for whoever sent it is a stranger. */
final class Unverified extends CowshedException {

    Unverified() {
        super(ProblemType.DELIVERY_UNVERIFIED, ProblemType.DELIVERY_UNVERIFIED.title() + ".", null);
    }
}
