package io.cowshed.rescue;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The first line of an export.
 *
 * @param format {@link #FORMAT}; a reader refuses any other
 * @param kind whether it holds everything, or what has changed since the export with the number before
 * @param number grows by one with each export of a volume
 * @param chain how many exports of changes there are since the last full one, this one included
 * @param installation whose catalogue it is
 * @param at when it was made
 * @param after the place in the log of events up to which the export before goes; null for a full one
 * @param upTo the place in the log of events up to which it goes
 * @param images how many there were at the last full export
 * @param changed how many changes of images there are in all exports since, this one included
 * @param families tells one state of the families from the next
 */
record ExportHeader(
        int format,
        Kind kind,
        long number,
        long chain,
        UUID installation,
        Instant at,
        @Nullable Place after,
        Place upTo,
        long images,
        long changed,
        String families) {

    /** Of the lines that are written now. */
    static final int FORMAT = 1;

    /** What an export holds. */
    enum Kind {
        FULL,
        CHANGES
    }

    /**
     * A place in the log of events.
     *
     * @param event that has it, by which one log is told from another; null for the beginning
     */
    record Place(long position, @Nullable UUID event) {}
}
