package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.CorruptImageException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The pages of L1 and L2 tables that were used last, as 64-bit words. Bounded in bytes whatever the disk's size, and safe
 * from several threads: two that miss the same page may both read it.
 */
final class MetadataCache {

    /** As much as 8 GiB of disk needs with 64 KiB clusters, if all of it is in use. */
    static final int DEFAULT_BYTES = 1 << 20;

    private static final int MAX_PAGE_BYTES = 16 << 10;

    private final BlockFile file;
    private final int pageBytes;
    private final Map<Page, long[]> pages;

    /** The length tells the short last page of one table from a page of another that a damaged image has in one place. */
    private record Page(long position, int words) {}

    MetadataCache(BlockFile file, int clusterSize, int capacityBytes) {
        this.file = file;
        this.pageBytes = Math.min(clusterSize, MAX_PAGE_BYTES);
        int capacity = Math.max(1, capacityBytes / pageBytes);
        this.pages = new LinkedHashMap<>(16, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<Page, long[]> eldest) {
                return size() > capacity;
            }
        };
    }

    /** Words in a whole page. A cluster is a whole number of pages. */
    int pageWords() {
        return pageBytes / Long.BYTES;
    }

    /**
     * The page that word {@code index} of a table lies in: it begins with the last multiple of {@link #pageWords()}.
     *
     * @param structure the table's name, for messages
     * @param tableWords words in the whole table; the last page ends with it
     * @throws CorruptImageException when the file ends before the page does
     */
    long[] page(String structure, long tableOffset, int tableWords, int index) throws IOException {
        int firstWord = index - index % pageWords();
        Page key = new Page(tableOffset + (long) firstWord * Long.BYTES, Math.min(pageWords(), tableWords - firstWord));
        synchronized (pages) {
            long[] page = pages.get(key);
            if (page != null) {
                return page;
            }
        }
        long[] page = read(structure, key.position, key.words);
        synchronized (pages) {
            pages.put(key, page);
        }
        return page;
    }

    private long[] read(String structure, long position, int words) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(words * Long.BYTES);
        if (file.read(position, bytes) < bytes.capacity()) {
            throw new CorruptImageException(file.name(), structure, position, "the file ends within it");
        }
        long[] page = new long[words];
        bytes.flip().asLongBuffer().get(page);
        return page;
    }
}
