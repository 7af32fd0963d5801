package io.cowshed.ci;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What is to be done about the disk of a job that has ended.
 *
 * @param task {@link #KEEP}, or the word of an {@link OnCompletion}
 * @param keptUntil when it shall expire, where it is kept
 */
record DiskTask(UUID image, String task, @Nullable Instant keptUntil) {

    static final String KEEP = "keep";
}
