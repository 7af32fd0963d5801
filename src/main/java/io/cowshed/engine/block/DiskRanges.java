package io.cowshed.engine.block;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Runs of a disk, found as they are asked for: there need never be a list of them. They come in ascending order and do not
 * overlap; neighbours need not be joined. For one thread.
 */
@FunctionalInterface
public interface DiskRanges {

    /** The next range, or null after the last. */
    @Nullable
    DiskRange next() throws IOException;
}
