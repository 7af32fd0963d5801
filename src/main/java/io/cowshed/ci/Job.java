package io.cowshed.ci;

import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a job of a CI system.
 *
 * @param preparedAt when its disks were made; null if they were not
 * @param endedAt when it was heard to have ended; null if it was not
 * @param keepFailedFor how long its disks are kept if it fails; null for not at all
 */
record Job(
        @Nullable Instant preparedAt,
        @Nullable Instant endedAt,
        @Nullable Duration keepFailedFor) {

    /** Why a job gets no disks of which it was heard that it is over. */
    static final String ENDED = "The job has ended.";

    /** Why the job gets no disks; null where it does. */
    @Nullable
    String whyNoDisks() {
        if (endedAt != null) {
            return ENDED;
        }
        return preparedAt != null ? "The job has its disks." : null;
    }
}
