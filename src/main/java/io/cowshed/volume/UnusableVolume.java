package io.cowshed.volume;

import io.cowshed.problem.CannotStart;
import org.jspecify.annotations.Nullable;

/** The service cannot start with this volume. */
public final class UnusableVolume extends CannotStart {

    UnusableVolume(String problem, String remedy, @Nullable Throwable cause) {
        super(problem, remedy, cause);
    }
}
