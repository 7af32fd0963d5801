package io.cowshed.engine.guest;

import io.cowshed.engine.block.DiskRange;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The free ranges of an area, in ascending order of their offsets in that area. */
@FunctionalInterface
interface FreeRanges {

    /**
     * The next range, or null after the last. Neighbours may touch, and never overlap.
     *
     * @throws LeftAloneException when what says so is damaged: then nothing of the area is free
     */
    @Nullable
    DiskRange next() throws IOException, LeftAloneException;

    /** A single range. */
    static FreeRanges of(long start, long length) {
        Iterator<DiskRange> ranges = List.of(new DiskRange(start, length)).iterator();
        return () -> ranges.hasNext() ? ranges.next() : null;
    }
}
