package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.qcow2.format.ClusterGeometry;
import io.cowshed.engine.qcow2.format.CompressionType;
import io.cowshed.engine.qcow2.format.ImageIdentity;
import io.cowshed.engine.qcow2.format.L1Entry;
import io.cowshed.engine.qcow2.format.L2Entry;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A fresh image, given its clusters in guest order: version 3, 16-bit refcounts. Clusters that are not given show what lies
 * below, or zeros. What is given follows one another in the file, an L2 table follows the clusters it maps, L1 table and the
 * last refcounts come at the end, and the header last: a file that was broken off is no image. For one thread.
 */
final class FreshDisk {

    private final BlockFile file;
    private final ClusterGeometry geometry;
    private final GrowingFile growing;
    private final ByteBuffer l2Table;
    private long[] l1Table = new long[64];
    private int l1Index = -1;

    /** {@code file} is empty. */
    FreshDisk(BlockFile file, ClusterGeometry geometry) {
        this.file = file;
        this.geometry = geometry;
        this.growing = new GrowingFile(file, geometry);
        this.l2Table = ByteBuffer.allocateDirect(geometry.clusterSize());
    }

    /** Gives the cluster at {@code guestOffset}, as it is. */
    void data(long guestOffset, ByteBuffer content) throws IOException {
        enterTable(guestOffset);
        enter(guestOffset, L2Entry.data(growing.append(content)));
    }

    /** Gives the cluster at {@code guestOffset}, compressed to fewer bytes than a cluster. */
    void compressed(long guestOffset, ByteBuffer bytes) throws IOException {
        enterTable(guestOffset);
        int length = bytes.remaining();
        enter(guestOffset, L2Entry.compressed(geometry, growing.appendPacked(bytes), length));
    }

    /** Says that the cluster at {@code guestOffset} reads as zeros whatever lies below. */
    void zero(long guestOffset) throws IOException {
        enterTable(guestOffset);
        enter(guestOffset, L2Entry.zero());
    }

    /**
     * Clusters in a row that are the caller's to fill, before the image is finished; what he leaves out reads as zeros.
     *
     * @param offset where in the file they lie
     * @param length in bytes, whole clusters
     */
    record Room(long offset, long length) {}

    /**
     * Gives as many clusters from {@code guestOffset} on as lie in a row and map in one table, but none past {@code most}
     * bytes, at least one.
     */
    Room reserve(long guestOffset, long most) throws IOException {
        enterTable(guestOffset);
        int left = geometry.l2Entries() - geometry.l2Index(guestOffset);
        ClusterRun run = growing.reserve((int) Math.min(left, geometry.clustersFor(most)));
        for (int i = 0; i < run.count(); i++) {
            long inRun = geometry.clusterStart(i);
            enter(guestOffset + inRun, L2Entry.data(geometry.clusterStart(run.first()) + inRun));
        }
        return new Room(geometry.clusterStart(run.first()), geometry.clusterStart(run.count()));
    }

    private void enter(long guestOffset, long entry) {
        l2Table.putLong(geometry.l2Index(guestOffset) * Long.BYTES, entry);
    }

    private void enterTable(long guestOffset) throws IOException {
        int index = geometry.l1Index(guestOffset);
        if (index != l1Index) {
            endL2Table();
            l1Index = index;
        }
    }

    private void endL2Table() throws IOException {
        if (l1Index < 0) {
            return;
        }
        if (l1Index >= l1Table.length) {
            l1Table = Arrays.copyOf(l1Table, Math.max(l1Index + 1, l1Table.length * 2));
        }
        l1Table[l1Index] = L1Entry.of(growing.append(l2Table.duplicate()));
        MemorySegment.ofBuffer(l2Table).fill((byte) 0);
    }

    /**
     * Ends the image and flushes the file, once.
     *
     * @param virtualSize bytes of the disk, whole sectors
     * @param compression of the clusters that were given compressed
     * @param identity who it is, or null to leave that out
     * @param backing what it lies on, or null where it stands on its own
     * @return the length of the file, in bytes
     */
    long finish(
            long virtualSize,
            CompressionType compression,
            @Nullable ImageIdentity identity,
            @Nullable BackingLink backing)
            throws IOException {
        endL2Table();
        FreshHeader.Tables tables = growing.finish(l1Table, FreshImage.l1Entries(geometry, virtualSize));
        file.write(
                0,
                FreshHeader.of(geometry, virtualSize, tables, compression, identity, backing)
                        .encode());
        file.flush();
        return tables.refcountTableOffset() + geometry.clusterStart(tables.refcountTableClusters());
    }
}
