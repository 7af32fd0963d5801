package io.cowshed.problem;

import org.jspecify.annotations.Nullable;

/** The service cannot start as things are. The message says why, and what to do about it, for whoever starts it. */
public class CannotStart extends RuntimeException {

    private final String problem;
    private final String remedy;

    /**
     * @param problem what is wrong, in a sentence or two
     * @param remedy what to do about it, in a sentence or two
     */
    public CannotStart(String problem, String remedy, @Nullable Throwable cause) {
        super(problem + " " + remedy, cause);
        this.problem = problem;
        this.remedy = remedy;
    }

    /** What is wrong. */
    public final String problem() {
        return problem;
    }

    /** What to do about it. */
    public final String remedy() {
        return remedy;
    }
}
