package io.cowshed.engine.qcow2;

import java.io.IOException;

/** Where the words of an image's L1 and L2 tables come from, in pages of a table. */
interface TablePages {

    /** Words in a whole page. A table is a whole number of pages, or less than one. */
    int pageWords();

    /** The page of the L1 table that entry {@code index} lies in: it begins with the last multiple of {@link #pageWords()}. */
    long[] l1Page(int index) throws IOException;

    /**
     * The page of an L2 table that word {@code index} lies in.
     *
     * @param table where in the file the table lies
     * @throws io.cowshed.engine.block.CorruptImageException when it does not lie within the file
     */
    long[] l2Page(long table, int index) throws IOException;
}
