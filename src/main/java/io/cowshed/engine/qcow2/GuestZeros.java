package io.cowshed.engine.qcow2;

import io.cowshed.engine.qcow2.format.ClusterGeometry;
import io.cowshed.engine.qcow2.format.L2EntryState;
import java.io.IOException;

/**
 * Makes parts of a disk read as zeros without storing them, as far as the format can say so: from version 3 on a flag hides
 * what the backing image holds, in version 2 zeros are written over it. For one thread.
 */
final class GuestZeros {

    private final ClusterGeometry geometry;
    private final L2Tables tables;
    private final ClusterAllocator allocator;
    private final Epoch epoch;
    private final GuestWriter writer;
    private final boolean hasZeroFlag;

    /** How many bytes of the disk may show what lies below, where nothing is stored here. */
    private long belowEnd;

    GuestZeros(
            ClusterGeometry geometry,
            L2Tables tables,
            ClusterAllocator allocator,
            Epoch epoch,
            GuestWriter writer,
            boolean hasZeroFlag,
            long belowEnd) {
        this.geometry = geometry;
        this.tables = tables;
        this.allocator = allocator;
        this.epoch = epoch;
        this.writer = writer;
        this.hasZeroFlag = hasZeroFlag;
        this.belowEnd = belowEnd;
    }

    void setBelowEnd(long bytes) {
        belowEnd = bytes;
    }

    long belowEnd() {
        return belowEnd;
    }

    /**
     * Makes a range read as zeros.
     *
     * @param diskEnd where the disk ends, at {@code to} or after it: nothing is kept of what a cluster holds past that
     */
    void zero(long from, long to, long diskEnd) throws IOException {
        long position = from;
        while (position < to) {
            epoch.commitIfCrowded();
            if (tables.readable(geometry.l1Index(position)) == null && !shows(position)) {
                position = afterTable(position, to);
            } else {
                position = zeroPiece(position, to, diskEnd);
            }
        }
    }

    /** Gives the space of the whole clusters of a range back, unless that would show what the backing image holds. */
    void discard(long from, long to, long diskEnd) throws IOException {
        long position = geometry.clusterStart(geometry.clustersFor(from));
        long end = to == diskEnd ? to : geometry.clusterStart(geometry.clusterOf(to));
        while (position < end && (hasZeroFlag || belowEnd == 0)) {
            epoch.commitIfCrowded();
            if (tables.readable(geometry.l1Index(position)) == null && !shows(position)) {
                position = afterTable(position, end);
            } else {
                zeroWhole(position, L2EntryState.all(geometry), belowEnd > 0);
                position += geometry.clusterSize();
            }
        }
    }

    /** Whether what lies below would be seen at {@code offset}, if nothing were stored here. */
    private boolean shows(long offset) {
        return offset < belowEnd;
    }

    private long afterTable(long position, long end) {
        long coverage = geometry.l2Coverage();
        long inTable = position & (coverage - 1);
        return end - position <= coverage - inTable ? end : position + coverage - inTable;
    }

    /** Zeros whole subclusters of one cluster, or a part of one; returns where it ends. */
    private long zeroPiece(long from, long to, long diskEnd) throws IOException {
        int size = geometry.subclusterSize();
        int within = (int) from & (size - 1);
        long clusterEnd = geometry.clusterStart(geometry.clusterOf(from) + 1);
        long end = Math.min(to, clusterEnd);
        if (within > 0 || (end - from < size && end < diskEnd)) {
            long pieceEnd = Math.min(end, from - within + size);
            writeZeros(from, pieceEnd);
            return pieceEnd;
        }
        int first = geometry.subclusterIndex(from);
        int count = end == diskEnd
                ? geometry.subclustersPerCluster() - first
                : (int) ((end - from) >>> geometry.subclusterBits());
        L2EntryState entry = entry(from);
        if (entry.compressed() != null && count < geometry.subclustersPerCluster()) {
            writeZeros(from, end);
            return end;
        }
        if (!hasZeroFlag && shows(from)) {
            writeZeros(from, end);
            return end;
        }
        int mask = (L2EntryState.all(geometry) >>> (geometry.subclustersPerCluster() - count)) << first;
        zeroWhole(from, mask, hasZeroFlag);
        return Math.min(end, from + ((long) count << geometry.subclusterBits()));
    }

    private L2EntryState entry(long offset) throws IOException {
        MetadataTable table = tables.readable(geometry.l1Index(offset));
        return table == null ? L2EntryState.NONE : tables.entry(table, geometry.l2Index(offset));
    }

    /** Stores zeros in a part of one cluster that does not read as zeros already. */
    private void writeZeros(long from, long to) throws IOException {
        L2EntryState entry = entry(from);
        int subcluster = 1 << geometry.subclusterIndex(from);
        boolean isZero = entry.compressed() == null
                && ((entry.zeros() & subcluster) != 0 || ((entry.allocated() & subcluster) == 0 && !shows(from)));
        if (to - from > geometry.subclusterSize() || !isZero) {
            writer.writeZeros(from, (int) (to - from));
        }
    }

    /**
     * Makes whole subclusters of one cluster read as zeros.
     *
     * @param flag whether those that have data are flagged; else they become unallocated
     */
    private void zeroWhole(long offset, int mask, boolean flag) throws IOException {
        L2EntryState before = entry(offset);
        int all = L2EntryState.all(geometry);
        int hidden = before.kept(geometry) | (flag ? showing(offset) : before.zeros());
        int changed = mask & hidden & (flag ? ~before.zeros() : all);
        int allocated = before.allocated() & ~mask;
        boolean gives = before.hostOffset() != 0 && allocated == 0;
        if (changed == 0 && !gives) {
            return;
        }
        int zeroed = flag ? before.zeros() | changed : before.zeros() & ~mask;
        boolean owned = !gives && before.hostOffset() != 0 && allocator.isOwned(ClusterMapper.L2, before.hostOffset());
        MetadataTable table = tables.writable(geometry.l1Index(offset));
        int index = geometry.l2Index(offset);
        if (gives || before.compressed() != null) {
            tables.release(table, index, before);
        }
        long host = gives ? 0 : before.hostOffset();
        tables.set(table, index, new L2EntryState(host, allocated, zeroed, null), owned);
    }

    /** The subclusters, of those that nothing is stored for, in which the backing image would be seen. */
    private int showing(long offset) {
        int showing = 0;
        long start = geometry.clusterStart(geometry.clusterOf(offset));
        for (int i = 0;
                i < geometry.subclustersPerCluster() && shows(start + ((long) i << geometry.subclusterBits()));
                i++) {
            showing |= 1 << i;
        }
        return showing;
    }
}
