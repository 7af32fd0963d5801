package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.qcow2.format.ClusterGeometry;
import java.io.IOException;

/**
 * What a copy of a disk takes up as an uncompressed QCOW2 image that stands on its own, in bytes, as {@code qemu-img measure
 * -O qcow2} has it.
 *
 * @param required with the clusters alone that are not known to be zero, but with metadata for all
 * @param fullyAllocated with every cluster of the disk
 */
public record Measure(long required, long fullyAllocated) {

    /**
     * Measures a disk by its extents; none of it is read.
     *
     * @param geometry of the copy
     * @throws ImageTooLargeException when the format cannot hold the disk with this geometry
     */
    public static Measure of(DiskImage image, ClusterGeometry geometry) throws IOException {
        FreshImage.wholeSectors("the copy", image.virtualSize(), geometry);
        long dataClusters = 0;
        ClusterRuns runs = ClusterRuns.flat(image, geometry);
        for (ClusterRuns.Run run = runs.next(); run != null; run = runs.next()) {
            dataClusters += run.count();
        }
        long allClusters = geometry.clustersFor(image.virtualSize());
        long metadata = metadataClusters(allClusters, geometry);
        return new Measure(
                geometry.clusterStart(metadata + dataClusters), geometry.clusterStart(metadata + allClusters));
    }

    /** The header, whole L2 tables, an L1 table for them, and refcounts for everything. */
    private static long metadataClusters(long dataClusters, ClusterGeometry geometry) {
        long l2Tables = Math.ceilDiv(dataClusters, geometry.l2Entries());
        long others = 1 + l2Tables + geometry.clustersFor(l2Tables * Long.BYTES);
        long refcounts = 0;
        while (true) {
            long clusters = others + dataClusters + refcounts;
            long blocks = Math.ceilDiv(clusters, geometry.refcountBlockEntries());
            long needed = blocks + geometry.clustersFor(blocks * Long.BYTES);
            if (needed == refcounts) {
                return others + refcounts;
            }
            refcounts = needed;
        }
    }
}
