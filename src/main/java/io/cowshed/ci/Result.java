package io.cowshed.ci;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What came of a delivery.
 *
 * @param problem in JSON, where it was refused
 */
record Result(
        Outcome outcome,
        @Nullable String reason,
        List<MadeDisk> images,
        @Nullable String problem) {

    static Result of(Outcome outcome, String reason) {
        return new Result(outcome, reason, List.of(), null);
    }

    static Result of(Outcome outcome, List<MadeDisk> images) {
        return new Result(outcome, null, images, null);
    }
}
