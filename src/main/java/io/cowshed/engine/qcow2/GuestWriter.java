package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.qcow2.format.ClusterGeometry;
import io.cowshed.engine.qcow2.format.L2EntryState;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Writes a guest's bytes: in place where the disk has the cluster for itself, to new clusters elsewhere. What a (sub)cluster
 * holds around them goes along, in one write for each run of the file. For one thread.
 */
final class GuestWriter {

    private static final int BOUNCE = 1 << 20;

    private final OrderedFile file;
    private final ClusterGeometry geometry;
    private final L2Tables tables;
    private final ClusterAllocator allocator;
    private final Epoch epoch;
    private final GuestReader reader;
    private final ByteBuffer bounce;
    private final ByteBuffer zeros;
    private final int all;

    /** Reads what the disk holds now. */
    @FunctionalInterface
    interface GuestReader {

        /** Fills {@code target} from {@code offset} on, past the end of the disk with zeros. */
        void read(long offset, ByteBuffer target) throws IOException;
    }

    GuestWriter(
            OrderedFile file,
            ClusterGeometry geometry,
            L2Tables tables,
            ClusterAllocator allocator,
            Epoch epoch,
            GuestReader reader) {
        this.file = file;
        this.geometry = geometry;
        this.tables = tables;
        this.allocator = allocator;
        this.epoch = epoch;
        this.reader = reader;
        this.bounce = ByteBuffer.allocateDirect(Math.max(BOUNCE, geometry.clusterSize()));
        this.zeros = ByteBuffer.allocateDirect(geometry.clusterSize());
        this.all = L2EntryState.all(geometry);
    }

    /** Writes what remains of {@code source}; the L1 table covers the range. */
    void write(long offset, ByteBuffer source) throws IOException {
        long position = offset;
        while (source.hasRemaining()) {
            epoch.commitIfCrowded();
            MetadataTable table = tables.writable(geometry.l1Index(position));
            int length = lengthOfRun(position, source.remaining());
            ByteBuffer part = source.slice(source.position(), length);
            int done = writeRun(position, part, table);
            source.position(source.position() + done);
            position += done;
        }
    }

    /** Writes zeros, at most as many as a cluster has bytes. */
    void writeZeros(long offset, int length) throws IOException {
        write(offset, zeros.slice(0, length));
    }

    /**
     * Stores what {@code below} shows in whole subclusters that show it: the kernel copies it past all that was ever written
     * of the file, which stays a hole where {@code below} is known to be zeros, or ends.
     *
     * @param length in bytes; to the end of a subcluster, or of the disk
     */
    void fill(long offset, long length, DiskImage below) throws IOException {
        long end = offset + length;
        for (long position = offset; position < end; ) {
            epoch.commitIfCrowded();
            MetadataTable table = tables.writable(geometry.l1Index(position));
            position += fillRun(position, lengthOfRun(position, (int) Math.min(BOUNCE, end - position)), table, below);
        }
    }

    private int fillRun(long offset, int wanted, MetadataTable table, DiskImage below) throws IOException {
        int index = geometry.l2Index(offset);
        int within = geometry.offsetInCluster(offset);
        int most = clusters(offset, wanted);
        int count = 0;
        while (count < most && tables.entry(table, index + count).hostOffset() == 0) {
            count++;
        }
        if (count == 0) {
            return fillWithin(offset, Math.min(wanted, geometry.clusterSize() - within), below);
        }
        ClusterRun run = allocator.append(count);
        int length = (int) Math.min(wanted, geometry.clusterStart(run.count()) - within);
        long host = geometry.clusterStart(run.first());
        try {
            file.copyFrom(below, offset, length, host + within);
        } catch (IOException | RuntimeException | Error e) {
            allocator.takeBack(run);
            throw e;
        }
        for (int i = 0; i < run.count(); i++) {
            int start = i << geometry.clusterBits();
            int to = Math.min(geometry.clusterSize(), within + length - start);
            update(table, index + i, host + start, mask(Math.max(0, within - start), to), false);
        }
        return length;
    }

    /** Fills a part of a cluster whose other parts are stored, or that has its place in the file already. */
    private int fillWithin(long offset, int length, DiskImage below) throws IOException {
        ByteBuffer content = ByteBuffer.allocate(length);
        new PaddedDisk(below).read(offset, content);
        write(offset, content.flip());
        return length;
    }

    /** How much to write at once: within the table, and so that what goes along fits in the buffer. */
    private int lengthOfRun(long offset, int wanted) {
        long inTable = offset & (geometry.l2Coverage() - 1);
        int length = (int) Math.min(wanted, geometry.l2Coverage() - inTable);
        int within = geometry.offsetInCluster(offset);
        if (within + (long) length <= bounce.capacity()) {
            return length;
        }
        if (within > 0) {
            return bounce.capacity() - within;
        }
        return length - geometry.offsetInCluster(length);
    }

    private int writeRun(long offset, ByteBuffer source, MetadataTable table) throws IOException {
        int index = geometry.l2Index(offset);
        int wanted = clusters(offset, source.remaining());
        L2EntryState first = tables.entry(table, index);
        if (isOwned(table, index, first)) {
            int count = 1;
            while (count < wanted && goesOn(table, index + count, first, count)) {
                count++;
            }
            return writeAt(new Place(first.hostOffset(), count, true, false), offset, source, table);
        }
        int count = 1;
        while (count < wanted && !isOwned(table, index + count, tables.entry(table, index + count))) {
            count++;
        }
        ClusterRun run = allocator.allocate(count);
        try {
            Place place = new Place(geometry.clusterStart(run.first()), run.count(), false, run.untouched());
            return writeAt(place, offset, source, table);
        } catch (IOException | RuntimeException | Error e) {
            allocator.takeBack(run);
            throw e;
        }
    }

    private boolean isOwned(MetadataTable table, int index, L2EntryState entry) throws IOException {
        if (entry.hostOffset() == 0) {
            return false;
        }
        tables.refuseMetadata(table, index, entry.hostOffset(), geometry.clusterSize());
        return allocator.isOwned(ClusterMapper.L2, entry.hostOffset());
    }

    /** Whether an entry goes on in the file, {@code distance} clusters after {@code first}, and is the disk's own. */
    private boolean goesOn(MetadataTable table, int index, L2EntryState first, int distance) throws IOException {
        L2EntryState entry = tables.entry(table, index);
        return entry.hostOffset() == first.hostOffset() + geometry.clusterStart(distance)
                && isOwned(table, index, entry);
    }

    /**
     * Clusters of the file that guest clusters are written to.
     *
     * @param host where they begin
     * @param owned whether the guest clusters are there already
     * @param untouched whether the file reads as zeros there
     */
    private record Place(long host, int count, boolean owned, boolean untouched) {}

    /** Writes as much of {@code source} as the place takes, and makes the entries say so. */
    private int writeAt(Place place, long offset, ByteBuffer source, MetadataTable table) throws IOException {
        int index = geometry.l2Index(offset);
        int within = geometry.offsetInCluster(offset);
        int count = place.count();
        int length = (int) Math.min(source.remaining(), geometry.clusterStart(count) - within);
        int end = within + length;
        int lastStart = (count - 1) << geometry.clusterBits();
        int from = start(tables.entry(table, index), within, place.owned());
        int to = lastStart + end(tables.entry(table, index + count - 1), end - lastStart, place.owned());
        put(place, offset, source.limit(length), within - from, to - end);
        for (int i = 0; i < count; i++) {
            int clusterOffset = i << geometry.clusterBits();
            int written =
                    mask(Math.max(0, within - clusterOffset), Math.min(geometry.clusterSize(), end - clusterOffset));
            update(table, index + i, place.host() + clusterOffset, written, place.owned());
        }
        return length;
    }

    /** Writes {@code source} with {@code head} bytes that the disk holds before it, and {@code tail} bytes after it. */
    private void put(Place place, long offset, ByteBuffer source, int head, int tail) throws IOException {
        long position = place.host() + geometry.offsetInCluster(offset);
        int length = source.remaining();
        if (head + tail > 0) {
            bounce.clear().limit(head + length + tail);
            fill(offset - head, head);
            bounce.position(head + length);
            fill(offset + length, tail);
            boolean needed = !place.untouched() || !isZero(0, head) || !isZero(head + length, tail);
            if (needed) {
                bounce.put(head, source, source.position(), length);
                file.write(position - head, bounce.flip());
                return;
            }
        }
        file.write(position, source);
    }

    private boolean isZero(int from, int length) {
        MemorySegment part = MemorySegment.ofBuffer(bounce.slice(from, length));
        return part.mismatch(MemorySegment.ofBuffer(zeros.slice(0, length))) < 0;
    }

    private void update(MetadataTable table, int index, long host, int written, boolean owned) throws IOException {
        L2EntryState entry = tables.entry(table, index);
        if (owned && (entry.allocated() & written) == written) {
            return;
        }
        tables.set(table, index, entry.written(host, written, geometry), true);
        if (!owned) {
            tables.release(table, index, entry);
        }
    }

    private void fill(long offset, int length) throws IOException {
        if (length > 0) {
            int limit = bounce.limit();
            bounce.limit(bounce.position() + length);
            reader.read(offset, bounce);
            bounce.limit(limit);
        }
    }

    /** Where in the first cluster the write must begin for bytes from {@code within} on. */
    private int start(L2EntryState entry, int within, boolean owned) {
        int subcluster = within >>> geometry.subclusterBits();
        if (owned) {
            return isAllocated(entry, subcluster) ? within : subcluster << geometry.subclusterBits();
        }
        int kept = entry.kept(geometry);
        int firstKept = kept == 0 ? subcluster : Integer.numberOfTrailingZeros(kept);
        return Math.min(subcluster, firstKept) << geometry.subclusterBits();
    }

    /** Where in the last cluster the write must end for bytes up to {@code end}. */
    private int end(L2EntryState entry, int end, boolean owned) {
        int subcluster = (end - 1) >>> geometry.subclusterBits();
        if (owned) {
            return isAllocated(entry, subcluster) ? end : (subcluster + 1) << geometry.subclusterBits();
        }
        int kept = entry.kept(geometry);
        int lastKept = kept == 0 ? subcluster : Integer.SIZE - 1 - Integer.numberOfLeadingZeros(kept);
        return (Math.max(subcluster, lastKept) + 1) << geometry.subclusterBits();
    }

    private static boolean isAllocated(L2EntryState entry, int subcluster) {
        return ((entry.allocated() >>> subcluster) & 1) != 0;
    }

    /** The subclusters that the bytes from {@code from} to {@code to} of a cluster lie in. */
    private int mask(int from, int to) {
        int first = from >>> geometry.subclusterBits();
        int last = (to - 1) >>> geometry.subclusterBits();
        return (all >>> (geometry.subclustersPerCluster() - 1 - (last - first))) << first;
    }

    private int clusters(long offset, int length) {
        return Math.toIntExact(geometry.clustersFor(geometry.offsetInCluster(offset) + (long) length));
    }
}
