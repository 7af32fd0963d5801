package io.cowshed.engine.qcow2;

import java.io.IOException;
import java.util.BitSet;

/**
 * A table of 64-bit words in memory, with what of it differs from the file. It is written in pages of at most 4 KiB, or
 * whole when it is not in the file yet. For one thread.
 */
final class MetadataTable {

    /** 4 KiB, as file systems write. */
    private static final int PAGE_WORDS = 512;

    private long offset;
    private long[] words;
    private boolean fresh;
    private final BitSet changed = new BitSet();

    /**
     * A table.
     *
     * @param offset where in the file it lies, or will lie, in bytes
     * @param fresh whether it is not in the file yet
     */
    MetadataTable(long offset, long[] words, boolean fresh) {
        this.offset = offset;
        this.words = words;
        this.fresh = fresh;
    }

    long offset() {
        return offset;
    }

    /** The words themselves, to be read. */
    long[] words() {
        return words;
    }

    boolean isFresh() {
        return fresh;
    }

    boolean isChanged() {
        return fresh || !changed.isEmpty();
    }

    void set(int index, long word) {
        words[index] = word;
        changed.set(index / PAGE_WORDS);
    }

    /** Goes on with other words at another place, where nothing is in the file yet. */
    void moveTo(long newOffset, long[] newWords) {
        offset = newOffset;
        words = newWords;
        fresh = true;
    }

    /** Writes what differs from the file. */
    void writeTo(OrderedFile file) throws IOException {
        if (fresh) {
            file.writeWords(offset, words, 0, words.length);
        } else {
            for (int page = changed.nextSetBit(0); page >= 0; ) {
                int end = changed.nextClearBit(page);
                int first = page * PAGE_WORDS;
                file.writeWords(offset, words, first, Math.min(words.length, end * PAGE_WORDS) - first);
                page = changed.nextSetBit(end);
            }
        }
        fresh = false;
        changed.clear();
    }
}
