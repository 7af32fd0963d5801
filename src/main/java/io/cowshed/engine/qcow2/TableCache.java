package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.CorruptImageException;
import java.io.IOException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;

/**
 * The tables of one kind that were used last, each of which fills a cluster. A bounded number is kept; those that differ
 * from the file stay until they are written. For one thread.
 */
final class TableCache {

    /** As much as 32 GiB of disk needs with 64 KiB clusters. */
    private static final int CAPACITY_BYTES = 4 << 20;

    /** A copy and its original, twice. */
    private static final int LEAST_TABLES = 4;

    private final OrderedFile file;
    private final String structure;
    private final int clusterSize;
    private final int capacity;
    private final Map<Long, MetadataTable> unchanged;
    private final Map<Long, MetadataTable> changed = new HashMap<>();

    /** {@code structure} is what the tables are called in messages. */
    TableCache(OrderedFile file, String structure, int clusterSize) {
        this.file = file;
        this.structure = structure;
        this.clusterSize = clusterSize;
        this.capacity = Math.max(LEAST_TABLES, CAPACITY_BYTES / clusterSize);
        this.unchanged = new LinkedHashMap<>(16, 0.75f, true) {
            @Override
            protected boolean removeEldestEntry(Map.Entry<Long, MetadataTable> eldest) {
                return size() > capacity;
            }
        };
    }

    /**
     * The table at {@code offset} of the file.
     *
     * @throws CorruptImageException when the file ends before the table does
     */
    MetadataTable at(long offset) throws IOException {
        MetadataTable table = changed.get(offset);
        if (table == null) {
            table = unchanged.get(offset);
        }
        if (table == null) {
            table = new MetadataTable(
                    offset, file.readWords(new MetadataRegion(structure, offset, clusterSize)), false);
            unchanged.put(offset, table);
        }
        return table;
    }

    /** Adds a table that is not in the file yet. */
    MetadataTable add(long offset, long[] words) {
        MetadataTable table = new MetadataTable(offset, words, true);
        unchanged.remove(offset);
        changed.put(offset, table);
        return table;
    }

    void set(MetadataTable table, int index, long word) {
        if (table.words()[index] != word) {
            table.set(index, word);
            unchanged.remove(table.offset());
            changed.put(table.offset(), table);
        }
    }

    /** Forgets the table at {@code offset}, changed or not: its cluster serves something else from now on. */
    void forget(long offset) {
        unchanged.remove(offset);
        changed.remove(offset);
    }

    /** Whether the tables that wait to be written take up half of what may be kept. */
    boolean isCrowded() {
        return changed.size() >= capacity / 2;
    }

    /** Writes the changed tables that {@code which} is true of. */
    void write(Predicate<MetadataTable> which) throws IOException {
        for (var tables = changed.values().iterator(); tables.hasNext(); ) {
            MetadataTable table = tables.next();
            if (which.test(table)) {
                table.writeTo(file);
                tables.remove();
                unchanged.put(table.offset(), table);
            }
        }
    }
}
