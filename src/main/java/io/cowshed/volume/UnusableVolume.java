package io.cowshed.volume;

import org.jspecify.annotations.Nullable;

/** The service cannot start with this volume. The message says why, and what to do about it. */
public final class UnusableVolume extends RuntimeException {

    private final String problem;
    private final String remedy;

    UnusableVolume(String problem, String remedy, @Nullable Throwable cause) {
        super(problem + " " + remedy, cause);
        this.problem = problem;
        this.remedy = remedy;
    }

    /** What is wrong, in a sentence. */
    String problem() {
        return problem;
    }

    /** What to do about it, in a sentence. */
    String remedy() {
        return remedy;
    }
}
