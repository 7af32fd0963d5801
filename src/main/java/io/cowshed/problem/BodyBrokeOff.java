package io.cowshed.problem;

import java.io.IOException;

/** The connection broke, or the body ended before its announced end. */
public final class BodyBrokeOff extends CowshedException {

    /** {@code cause} is how that showed. */
    public BodyBrokeOff(IOException cause) {
        super(
                ProblemType.BODY_INCOMPLETE,
                "The body broke off before its end.",
                "Send it again; nothing of it was kept.",
                cause);
    }
}
