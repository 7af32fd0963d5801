package io.cowshed.engine.guest;

import java.io.IOException;

/** Something that knows which bytes of its area are free. Offsets are those in the area. */
sealed interface FileSystem permits ExtFileSystem, FatFileSystem, FreeExtents, SwapArea, XfsFileSystem {

    /** What it is called in a finding. */
    String kind();

    /**
     * Goes over all of it, and compares every count that it keeps of its free space.
     *
     * @return how many bytes are free
     */
    long check() throws IOException, LeftAloneException;

    /** The free ranges of which any byte lies at {@code offset} or after it; there may be some before it, too. */
    FreeRanges freeFrom(long offset) throws IOException, LeftAloneException;
}
