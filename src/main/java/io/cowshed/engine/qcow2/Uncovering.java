package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.qcow2.format.ClusterGeometry;
import io.cowshed.engine.qcow2.format.L2EntryState;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Gives clusters back that show nothing but what would be seen without them. For one thread. */
final class Uncovering {

    private final ClusterGeometry geometry;
    private final L2Tables tables;
    private final ClusterAllocator allocator;
    private final Epoch epoch;

    Uncovering(ClusterGeometry geometry, L2Tables tables, ClusterAllocator allocator, Epoch epoch) {
        this.geometry = geometry;
        this.tables = tables;
        this.allocator = allocator;
        this.epoch = epoch;
    }

    /**
     * Gives back what lies at {@code firstCluster} of the file or after it.
     *
     * @param disk the disk as it is read
     * @param backing what lies below it
     */
    void uncover(long firstCluster, DiskImage disk, @Nullable DiskImage backing)
            throws IOException, InterruptedException {
        ByteBuffer content = ByteBuffer.allocateDirect(geometry.clusterSize());
        ByteBuffer below = ByteBuffer.allocateDirect(geometry.clusterSize());
        PaddedDisk padded = backing == null ? null : new PaddedDisk(backing);
        long position = 0;
        while (position < disk.virtualSize()) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            MetadataTable table = tables.readable(geometry.l1Index(position));
            if (table == null) {
                position += geometry.l2Coverage();
                continue;
            }
            L2EntryState entry = tables.entry(table, geometry.l2Index(position));
            if (isCandidate(entry, firstCluster)) {
                int length = (int) Math.min(geometry.clusterSize(), disk.virtualSize() - position);
                disk.read(position, content.clear().limit(length));
                below.clear().limit(length);
                if (padded != null) {
                    padded.read(position, below);
                }
                if (showsNothingElse(entry, content.flip(), below.position(0))) {
                    drop(position, entry);
                }
            }
            position += geometry.clusterSize();
        }
    }

    private boolean isCandidate(L2EntryState entry, long firstCluster) throws IOException {
        return entry.allocated() != 0
                && geometry.clusterOf(entry.hostOffset()) >= firstCluster
                && allocator.isOwned(ClusterMapper.L2, entry.hostOffset());
    }

    /** Whether the data of a cluster is what lies below; its zeros need no data. */
    private boolean showsNothingElse(L2EntryState entry, ByteBuffer content, ByteBuffer below) {
        int size = geometry.subclusterSize();
        for (int at = 0; at < content.limit(); at += size) {
            int length = Math.min(size, content.limit() - at);
            boolean hasData = (entry.allocated() >>> (at >>> geometry.subclusterBits()) & 1) != 0;
            if (hasData && !content.slice(at, length).equals(below.slice(at, length))) {
                return false;
            }
        }
        return true;
    }

    private void drop(long position, L2EntryState entry) throws IOException {
        epoch.commitIfCrowded();
        MetadataTable table = tables.writable(geometry.l1Index(position));
        int index = geometry.l2Index(position);
        tables.release(table, index, entry);
        tables.set(table, index, new L2EntryState(0, 0, entry.zeros(), null), false);
    }
}
