package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.CorruptImageException;
import io.cowshed.engine.qcow2.format.ClusterGeometry;
import io.cowshed.engine.qcow2.format.ClusterMapping;
import io.cowshed.engine.qcow2.format.L1Entry;
import io.cowshed.engine.qcow2.format.L2Entry;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Finds where parts of a disk lie, by way of its L1 and L2 tables. Entries are checked when they are used. */
final class ClusterMapper {

    static final String L1 = "L1 table";
    static final String L2 = "L2 table";
    private static final long COPIED = 1L << 63;

    /** How many pages of tables one answer may take, so that it comes promptly however long the run is. */
    private static final int MAX_PAGES = 16;

    private final BlockFile file;
    private final Qcow2Header header;
    private final ClusterGeometry geometry;
    private final TablePages tables;

    ClusterMapper(BlockFile file, Qcow2Header header, TablePages tables) {
        this.file = file;
        this.header = header;
        this.geometry = header.geometry();
        this.tables = tables;
    }

    /**
     * The run of one mapping that starts at {@code offset} of the disk.
     *
     * @param maxLength at least 1; the range must lie within the disk
     */
    MappedRun runAt(long offset, long maxLength) throws IOException {
        MappedRun run = pageRunAt(offset, maxLength);
        for (int pages = 1; run.length() < maxLength && pages < MAX_PAGES; pages++) {
            MappedRun next = pageRunAt(offset + run.length(), maxLength - run.length());
            if (!run.isContinuedBy(next.mapping())) {
                break;
            }
            run = new MappedRun(run.mapping(), run.length() + next.length());
        }
        return run;
    }

    private MappedRun pageRunAt(long offset, long maxLength) throws IOException {
        int index = geometry.l1Index(offset);
        long[] page = tables.l1Page(index);
        int inPage = index % tables.pageWords();
        long entry = page[inPage];
        check(L1, header.l1TableOffset() + (long) index * Long.BYTES, L1Entry.fault(entry, geometry));
        long coverage = geometry.l2Coverage();
        long inTable = offset & (coverage - 1);
        long table = L1Entry.l2TableOffset(entry);
        if (table != 0) {
            return l2RunAt(table, offset, Math.min(maxLength, coverage - inTable));
        }
        long length = coverage - inTable;
        for (int next = inPage + 1; next < page.length && page[next] == 0 && length < maxLength; next++) {
            length += coverage;
        }
        return new MappedRun(ClusterMapping.Unallocated.NOWHERE, Math.min(length, maxLength));
    }

    private MappedRun l2RunAt(long table, long offset, long maxLength) throws IOException {
        int words = geometry.l2EntryWords();
        int index = geometry.l2Index(offset) * words;
        long[] page = tables.l2Page(table, index);
        int inPage = index % tables.pageWords();
        long descriptor = page[inPage];
        long subclusters = geometry.extendedL2() ? page[inPage + 1] : 0;
        check(L2, table + (long) index * Long.BYTES, L2Entry.fault(descriptor, subclusters, header));

        int subcluster = geometry.subclusterIndex(offset);
        ClusterMapping mapping = L2Entry.mapping(descriptor, subclusters, subcluster, geometry);
        if (mapping instanceof ClusterMapping.Compressed) {
            int length = geometry.clusterSize() - geometry.offsetInCluster(offset);
            return new MappedRun(mapping, Math.min(length, maxLength));
        }
        int alike = geometry.extendedL2() ? alikeFrom(subclusters, subcluster) : 1;
        int within = (int) offset & (geometry.subclusterSize() - 1);
        long length = ((long) alike << geometry.subclusterBits()) - within;
        if (subcluster + alike == geometry.subclustersPerCluster()) {
            length += clustersGoingOn(page, inPage, kind(subclusters, subcluster), maxLength);
        }
        return new MappedRun(advanced(mapping, within), Math.min(length, maxLength));
    }

    /** Bytes of whole clusters, all of one kind, whose entries go on after the one at {@code inPage} in step with it. */
    private long clustersGoingOn(long[] page, int inPage, long kind, long maxLength) {
        int words = geometry.l2EntryWords();
        long expected = page[inPage] & ~COPIED;
        long step = L2Entry.hostOffset(expected) == 0 ? 0 : geometry.clusterSize();
        long length = 0;
        for (int next = inPage + words; next < page.length && length < maxLength; next += words) {
            expected += step;
            if ((page[next] & ~COPIED) != expected || (words == 2 && page[next + 1] != kind)) {
                break;
            }
            length += geometry.clusterSize();
        }
        return length;
    }

    /** The bitmap of a cluster whose subclusters are all of the kind that this one is. */
    private static long kind(long subclusters, int subcluster) {
        long all = (1L << ClusterGeometry.SUBCLUSTERS) - 1;
        if ((subclusters >>> (ClusterGeometry.SUBCLUSTERS + subcluster) & 1) != 0) {
            return all << ClusterGeometry.SUBCLUSTERS;
        }
        return (subclusters >>> subcluster & 1) != 0 ? all : 0;
    }

    /** How many subclusters from this one on are of its kind. */
    private static int alikeFrom(long subclusters, int subcluster) {
        long different = subclusters ^ kind(subclusters, subcluster);
        int either = (int) (different | different >>> ClusterGeometry.SUBCLUSTERS) >>> subcluster;
        return Math.min(Integer.numberOfTrailingZeros(either), ClusterGeometry.SUBCLUSTERS - subcluster);
    }

    private static ClusterMapping advanced(ClusterMapping mapping, int within) {
        if (within == 0) {
            return mapping;
        }
        return switch (mapping) {
            case ClusterMapping.Data(long offset) -> new ClusterMapping.Data(offset + within);
            case ClusterMapping.Zero(long offset) -> offset == 0 ? mapping : new ClusterMapping.Zero(offset + within);
            case ClusterMapping.Unallocated(long offset) ->
                offset == 0 ? mapping : new ClusterMapping.Unallocated(offset + within);
            case ClusterMapping.Compressed ignored -> mapping;
        };
    }

    private void check(String structure, long position, @Nullable String fault) throws CorruptImageException {
        if (fault != null) {
            throw new CorruptImageException(file.name(), structure, position, fault);
        }
    }
}
