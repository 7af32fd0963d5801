package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.ImageFormat;
import io.cowshed.engine.qcow2.format.ClusterGeometry;
import io.cowshed.engine.qcow2.format.CompressionType;
import io.cowshed.engine.qcow2.format.ImageIdentity;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import io.cowshed.engine.qcow2.format.Qcow2Limits;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Makes images with no content of their own: blank ones, and overlays, which show what their backing file shows. Version
 * 3, 16-bit refcounts. Each takes three small writes: header, refcounts, refcount table; all else, the L1 table included,
 * is a hole. The caller flushes.
 *
 * <p>A virtual size is rounded up to whole sectors of 512 bytes, as {@code qemu-img create} does: QEMU does not show the
 * rest of a broken one.
 */
public final class FreshImage {

    /** log2 of the default cluster size, 64 KiB. */
    public static final int DEFAULT_CLUSTER_BITS = 16;

    private static final int SECTOR = 512;
    static final String BACKING_FORMAT = "qcow2";

    private FreshImage() {}

    /**
     * Makes a disk of zeros.
     *
     * @param file an empty file
     * @param virtualSize bytes of the disk, 0 or more
     * @return the virtual size it was given, in bytes
     * @throws ImageTooLargeException when the format cannot hold it with this cluster size
     */
    public static long blank(BlockFile file, long virtualSize, int clusterBits, ImageIdentity identity)
            throws IOException {
        return create(file, virtualSize, clusterBits, identity, null);
    }

    /**
     * Makes an overlay on a QCOW2 image in the same directory. What lies past the end of a shorter backing image is zeros.
     *
     * @param backingName the bare name of the backing file, at most {@value Qcow2Limits#MAX_BACKING_NAME_BYTES} bytes
     * @return the virtual size it was given, in bytes
     * @throws ImageTooLargeException when the format cannot hold it with this cluster size
     */
    public static long overlay(
            BlockFile file, long virtualSize, int clusterBits, ImageIdentity identity, String backingName)
            throws IOException {
        return create(file, virtualSize, clusterBits, identity, new BackingLink(backingName, ImageFormat.QCOW2));
    }

    /** A bare name leads to the image's own directory, wherever that is mounted, and QEMU reads no protocol in it. */
    static void requireBare(String backingName) {
        if (backingName.isEmpty() || backingName.indexOf('/') >= 0 || backingName.indexOf(':') >= 0) {
            throw new IllegalArgumentException("not a bare file name: " + backingName);
        }
    }

    private static long create(
            BlockFile file, long wantedSize, int clusterBits, ImageIdentity identity, @Nullable BackingLink backing)
            throws IOException {
        ClusterGeometry geometry = new ClusterGeometry(clusterBits, false, FreshRefcounts.REFCOUNT_ORDER);
        long virtualSize = wholeSectors(file.name(), wantedSize, geometry);
        int l1Entries = l1Entries(geometry, virtualSize);
        long l1Clusters = geometry.clustersFor((long) l1Entries * Long.BYTES);
        FreshRefcounts refcounts = FreshRefcounts.plan(file.name(), geometry, 1 + l1Clusters, 1);
        long l1Offset = geometry.clusterStart(refcounts.clusters() - l1Clusters);
        Qcow2Header header = FreshHeader.of(
                geometry, virtualSize, refcounts.tables(l1Offset, l1Entries), CompressionType.ZLIB, identity, backing);
        file.setSize(refcounts.fileSize());
        refcounts.writeTo(file);
        file.write(0, header.encode());
        return virtualSize;
    }

    /**
     * {@code size} in whole sectors.
     *
     * @throws ImageTooLargeException when that is more than the format can hold
     */
    static long wholeSectors(String file, long size, ClusterGeometry geometry) throws ImageTooLargeException {
        long most = mostBytes(geometry);
        if (size < 0) {
            throw new IllegalArgumentException("a virtual size of " + size + " bytes");
        }
        if (size > most) {
            throw new ImageTooLargeException(file, most);
        }
        return Math.ceilDiv(size, SECTOR) * SECTOR;
    }

    /** The largest virtual size that an L1 table, as QEMU opens it, can map. */
    static long mostBytes(ClusterGeometry geometry) {
        long coverage = geometry.l2Coverage();
        return coverage > Long.MAX_VALUE / Qcow2Limits.MAX_L1_ENTRIES
                ? Long.MAX_VALUE - SECTOR + 1
                : coverage * Qcow2Limits.MAX_L1_ENTRIES;
    }

    /** At least one, so that a disk of no length has an L1 table too. */
    static int l1Entries(ClusterGeometry geometry, long virtualSize) {
        return Math.max(1, Math.toIntExact(geometry.l1EntriesFor(virtualSize)));
    }
}
