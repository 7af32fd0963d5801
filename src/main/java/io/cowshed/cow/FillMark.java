package io.cowshed.cow;

import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Where the file of an image ended before an operation began to store in it what it would lack: in the operation's row.
 *
 * @param endCluster the first cluster of the file that may be the operation's
 */
record FillMark(UUID image, long endCluster) {

    private static final char SEPARATOR = '/';

    /** What an operation was told by an attempt; empty where that is no such mark. */
    static Optional<FillMark> parse(@Nullable String mark) {
        int separator = mark == null ? -1 : mark.indexOf(SEPARATOR);
        if (mark == null || separator < 0) {
            return Optional.empty();
        }
        return Optional.of(new FillMark(
                UUID.fromString(mark.substring(0, separator)), Long.parseLong(mark.substring(separator + 1))));
    }

    /** At most 56 characters. */
    @Override
    public String toString() {
        return image.toString() + SEPARATOR + endCluster;
    }
}
