package io.cowshed.volume;

import org.jspecify.annotations.Nullable;

/** The service cannot start with this volume. The message says why, and what to do about it. */
public final class UnusableVolume extends RuntimeException {

    UnusableVolume(String problem, String remedy, @Nullable Throwable cause) {
        super(problem + " " + remedy, cause);
    }
}
