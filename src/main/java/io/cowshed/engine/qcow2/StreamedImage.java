package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.qcow2.format.ClusterGeometry;
import io.cowshed.engine.qcow2.format.CompressionType;
import io.cowshed.engine.qcow2.format.ImageIdentity;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * An uncompressed QCOW2 image of a disk, made as it is sent: its length is known before its first byte, and any part of it
 * can be had without what comes before. Version 3, 16-bit refcounts. In the file follow one another: header, refcount blocks,
 * refcount table, L1 table, L2 tables, and the data in guest order. The same disk and options give the same bytes.
 *
 * <p>What a cluster is follows from the extents alone, so a cluster of data that holds zeros stays data. A virtual size is
 * rounded up to whole sectors of 512 bytes; the rest of a broken one is zeros.
 *
 * <p>Memory does not grow with the data: there is a bit for each {@link ClusterGeometry#l2Coverage()} bytes of disk, 512 KiB
 * at most, and what {@link #writeTo} needs. The disk must not change meanwhile. Safe for several threads.
 */
public final class StreamedImage {

    private static final int PIECE = 1 << 20;

    private final DiskImage image;
    private final ClusterGeometry geometry;
    private final boolean topOnly;
    private final ByteBuffer header;
    private final FreshRefcounts refcounts;

    /** Which entries of the L1 table point to an L2 table. */
    private final BitSet l2Tables = new BitSet();

    private final long l2Start;
    private final long dataStart;

    private StreamedImage(
            DiskImage image,
            int clusterBits,
            boolean topOnly,
            @Nullable ImageIdentity identity,
            @Nullable BackingLink backing)
            throws IOException {
        this.image = image;
        this.geometry = new ClusterGeometry(clusterBits, false, FreshRefcounts.REFCOUNT_ORDER);
        this.topOnly = topOnly;
        String name = backing == null ? "the stream" : "the stream over " + backing.name();
        long virtualSize = FreshImage.wholeSectors(name, image.virtualSize(), geometry);
        int l1Entries = FreshImage.l1Entries(geometry, virtualSize);
        long dataClusters = count();
        long l1Clusters = geometry.clustersFor((long) l1Entries * Long.BYTES);
        long others = 1 + l1Clusters + l2Tables.cardinality() + dataClusters;
        this.refcounts = FreshRefcounts.plan(name, geometry, others, 1);
        this.l2Start = refcounts.end() + l1Clusters;
        this.dataStart = l2Start + l2Tables.cardinality();
        FreshHeader.Tables tables = refcounts.tables(geometry.clusterStart(refcounts.end()), l1Entries);
        this.header = FreshHeader.of(geometry, virtualSize, tables, CompressionType.ZLIB, identity, backing)
                .encode();
    }

    /**
     * An image that shows all that the disk shows, and stands on its own.
     *
     * @param clusterBits log2 of the cluster size, 9 to 21
     * @param identity who the image is, or null to leave that out
     * @throws ImageTooLargeException when the format cannot hold the disk with this cluster size
     */
    public static StreamedImage flat(DiskImage image, int clusterBits, @Nullable ImageIdentity identity)
            throws IOException {
        return new StreamedImage(image, clusterBits, false, identity, null);
    }

    /**
     * An image of what the topmost image of a chain holds itself. What it leaves to its backing is left to that again; what is
     * zero in it over the backing is a zero cluster; and a cluster that it holds only in part is filled up with what is read
     * there.
     *
     * @param clusterBits log2 of the cluster size, 9 to 21
     * @param identity who the image is, or null to leave that out
     * @param backing what the header says it lies on, or null when it is to say nothing: whoever opens it must know then
     * @throws ImageTooLargeException when the format cannot hold the disk with this cluster size
     */
    public static StreamedImage delta(
            DiskImage image, int clusterBits, @Nullable ImageIdentity identity, @Nullable BackingLink backing)
            throws IOException {
        return new StreamedImage(image, clusterBits, true, identity, backing);
    }

    /** Notes where there are L2 tables, and returns how many clusters of data there are. */
    private long count() throws IOException {
        long dataClusters = 0;
        ClusterRuns runs = runs();
        for (ClusterRuns.Run run = runs.next(); run != null; run = runs.next()) {
            dataClusters += run.zero() ? 0 : run.count();
            int firstTable = geometry.l1Index(geometry.clusterStart(run.first()));
            int lastTable = geometry.l1Index(geometry.clusterStart(run.end() - 1));
            l2Tables.set(firstTable, lastTable + 1);
        }
        return dataClusters;
    }

    /** The length of the image in bytes. */
    public long length() {
        return refcounts.fileSize();
    }

    /**
     * Writes the bytes from {@code start} up to {@code end}, with up to two megabytes of memory and a cluster.
     *
     * @throws IndexOutOfBoundsException when the range does not lie within the image
     */
    public void writeTo(OutputStream target, long start, long end) throws IOException {
        Objects.checkFromToIndex(start, end, length());
        StreamCursor cursor = new StreamCursor(this, start);
        ByteBuffer piece = ByteBuffer.allocate((int) Math.min(PIECE, end - start));
        for (long left = end - start; left > 0; left -= piece.limit()) {
            cursor.read(piece.clear().limit((int) Math.min(piece.capacity(), left)));
            target.write(piece.array(), 0, piece.limit());
        }
    }

    DiskImage image() {
        return image;
    }

    ClusterGeometry geometry() {
        return geometry;
    }

    /** The clusters of the disk that the image has. */
    ClusterRuns runs() {
        return topOnly ? ClusterRuns.delta(image, geometry) : ClusterRuns.flat(image, geometry);
    }

    /** What cluster 0 begins with. */
    ByteBuffer header() {
        return header.asReadOnlyBuffer();
    }

    FreshRefcounts refcounts() {
        return refcounts;
    }

    /** The first entry of the L1 table, from {@code l1Index} on, that points to an L2 table; -1 when there is none. */
    int nextL2Table(int l1Index) {
        return l2Tables.nextSetBit(l1Index);
    }

    /** The number of the cluster of the file at which the L2 tables begin. */
    long l2Start() {
        return l2Start;
    }

    /** The number of the cluster of the file at which the data begins. */
    long dataStart() {
        return dataStart;
    }
}
