package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.CorruptImageException;
import io.cowshed.engine.qcow2.format.ClusterGeometry;
import io.cowshed.engine.qcow2.format.L1Entry;
import io.cowshed.engine.qcow2.format.L2Entry;
import io.cowshed.engine.qcow2.format.L2EntryState;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import io.cowshed.engine.qcow2.format.Qcow2Limits;
import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The L1 and L2 tables of the disk as they will be (specification, "Cluster mapping"). The L1 table is held whole: at most
 * 8 bytes for each of {@value Qcow2Limits#MAX_L1_ENTRIES} entries. An L2 table that snapshots use too is copied before it
 * changes. Changes stay in memory until they are written. For one thread.
 */
final class L2Tables implements TablePages {

    private final OrderedFile file;
    private final HeaderEditor header;
    private final ClusterGeometry geometry;
    private final MetadataMap metadata;
    private final ClusterAllocator allocator;
    private final CorruptionMark corruption;
    private final MetadataTable l1;
    private final TableCache cache;

    private L2Tables(
            OrderedFile file,
            HeaderEditor header,
            MetadataMap metadata,
            ClusterAllocator allocator,
            CorruptionMark corruption,
            MetadataTable l1) {
        this.file = file;
        this.header = header;
        this.geometry = header.header().geometry();
        this.metadata = metadata;
        this.allocator = allocator;
        this.corruption = corruption;
        this.l1 = l1;
        this.cache = new TableCache(file, ClusterMapper.L2, geometry.clusterSize());
    }

    /** Reads the L1 table, and adds it and the L2 tables it names to the map of metadata. */
    static L2Tables read(
            OrderedFile file,
            HeaderEditor editor,
            MetadataMap metadata,
            ClusterAllocator allocator,
            CorruptionMark corruption)
            throws IOException {
        Qcow2Header header = editor.header();
        long[] words = new long[0];
        if (header.l1Entries() > 0) {
            MetadataRegion region = new MetadataRegion(ClusterMapper.L1, header.l1TableOffset(), header.l1TableBytes());
            words = file.readWords(region);
            region.claim(file.name(), header.geometry(), metadata);
        }
        L2Tables tables = new L2Tables(
                file, editor, metadata, allocator, corruption, new MetadataTable(header.l1TableOffset(), words, false));
        for (int index = 0; index < words.length; index++) {
            long table = tables.tableOffset(index);
            if (table != 0) {
                new MetadataRegion(ClusterMapper.L2, table, header.geometry().clusterSize())
                        .claim(file.name(), header.geometry(), metadata);
            }
        }
        return tables;
    }

    @Override
    public int pageWords() {
        return Integer.MAX_VALUE;
    }

    @Override
    public long[] l1Page(int index) {
        return l1.words();
    }

    @Override
    public long[] l2Page(long table, int index) throws IOException {
        return cache.at(table).words();
    }

    int l1Entries() {
        return l1.words().length;
    }

    private long tableOffset(int index) throws CorruptImageException {
        String fault = L1Entry.fault(l1.words()[index], geometry);
        if (fault != null) {
            throw new CorruptImageException(
                    file.name(), ClusterMapper.L1, l1.offset() + (long) index * Long.BYTES, fault);
        }
        return L1Entry.l2TableOffset(l1.words()[index]);
    }

    /** The L2 table of an L1 entry, to be read; null where there is none. */
    @Nullable
    MetadataTable readable(int index) throws IOException {
        long offset = tableOffset(index);
        return offset == 0 ? null : cache.at(offset);
    }

    /** The L2 table of an L1 entry, to be changed: a new one where there is none, a copy where it is not the disk's own. */
    MetadataTable writable(int index) throws IOException {
        long offset = tableOffset(index);
        if (offset == 0) {
            return add(index, new long[geometry.clusterSize() / Long.BYTES]);
        }
        MetadataTable table = cache.at(offset);
        if (allocator.isOwned(ClusterMapper.L2, offset)) {
            return table;
        }
        MetadataTable copy = add(index, table.words().clone());
        allocator.release(offset);
        return copy;
    }

    private MetadataTable add(int index, long[] words) throws IOException {
        ClusterRun run = allocator.allocate(1);
        long offset = geometry.clusterStart(run.first());
        metadata.add(run.first());
        l1.set(index, L1Entry.of(offset));
        return cache.add(offset, words);
    }

    /** Makes an L1 entry lead nowhere, and releases the L2 table that it led to. */
    void drop(int index) throws IOException {
        long offset = tableOffset(index);
        if (offset != 0) {
            l1.set(index, 0);
            cache.forget(offset);
            allocator.release(offset);
        }
    }

    /**
     * An entry of an L2 table.
     *
     * @throws CorruptImageException when it has a {@linkplain L2Entry#fault fault}
     */
    L2EntryState entry(MetadataTable table, int index) throws CorruptImageException {
        int word = index * geometry.l2EntryWords();
        long descriptor = table.words()[word];
        long subclusters = geometry.extendedL2() ? table.words()[word + 1] : 0;
        String fault = L2Entry.fault(descriptor, subclusters, header.header());
        if (fault != null) {
            throw new CorruptImageException(
                    file.name(), ClusterMapper.L2, table.offset() + (long) word * Long.BYTES, fault);
        }
        return L2EntryState.of(descriptor, subclusters, geometry);
    }

    /**
     * Notes that an entry, which was this one, points to its cluster, or to the compressed bytes of it, no more.
     *
     * @throws CorruptImageException when metadata lies there
     */
    void release(MetadataTable table, int index, L2EntryState entry) throws IOException {
        if (entry.compressed() != null) {
            long start = entry.compressed().hostOffset();
            refuseMetadata(table, index, start, entry.compressed().length());
            long last = geometry.clusterOf(start + entry.compressed().length() - 1);
            for (long cluster = geometry.clusterOf(start); cluster <= last; cluster++) {
                allocator.release(geometry.clusterStart(cluster));
            }
        } else if (entry.hostOffset() != 0) {
            refuseMetadata(table, index, entry.hostOffset(), geometry.clusterSize());
            allocator.release(entry.hostOffset());
        }
    }

    /**
     * Refuses to go on where an entry leads to metadata.
     *
     * @throws CorruptImageException when metadata lies anywhere in {@code length} bytes from {@code offset} on
     */
    void refuseMetadata(MetadataTable table, int index, long offset, long length) throws IOException {
        if (metadata.isHit(offset, length)) {
            throw corruption.set(
                    ClusterMapper.L2,
                    table.offset() + (long) index * geometry.l2EntryWords() * Long.BYTES,
                    "a cluster of the disk is said to lie at " + offset + ", on metadata");
        }
    }

    /**
     * Changes an entry of a {@link #writable} table.
     *
     * @param owned whether the refcount of the cluster it leads to is exactly 1
     */
    void set(MetadataTable table, int index, L2EntryState entry, boolean owned) {
        int word = index * geometry.l2EntryWords();
        cache.set(table, word, entry.descriptor(geometry, owned));
        if (geometry.extendedL2()) {
            cache.set(table, word + 1, entry.subclusters(geometry));
        }
    }

    /** Goes on with a longer L1 table in another place, which is in use once {@link #writeMappings} has changed the header. */
    void lengthenL1(int entries) throws IOException {
        int clusters = Math.toIntExact(geometry.clustersFor((long) entries * Long.BYTES));
        ClusterRun place = allocator.allocateTogether(clusters);
        for (long cluster = place.first(); cluster < place.end(); cluster++) {
            metadata.add(cluster);
        }
        long oldClusters = geometry.clustersFor((long) l1Entries() * Long.BYTES);
        for (long i = 0; i < oldClusters; i++) {
            allocator.release(l1.offset() + geometry.clusterStart(i));
        }
        l1.moveTo(geometry.clusterStart(place.first()), Arrays.copyOf(l1.words(), entries));
    }

    boolean isCrowded() {
        return cache.isCrowded();
    }

    /** Writes the tables that nothing in the file points to yet. */
    void writeNewTables() throws IOException {
        cache.write(MetadataTable::isFresh);
        if (l1.isFresh()) {
            l1.writeTo(file);
        }
    }

    /** Writes the entries that changed, and points the header to the new L1 table if there is one. */
    void writeMappings() throws IOException {
        cache.write(_ -> true);
        if (l1Entries() > 0 && l1.offset() != header.header().l1TableOffset()) {
            header.setL1Table(l1.offset(), l1Entries());
        } else {
            l1.writeTo(file);
        }
    }
}
