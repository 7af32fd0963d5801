package io.cowshed.catalog;

/**
 * What is known of the size of an image's file.
 *
 * @param virtualSize of the disk the guest sees, in bytes, at least 0
 * @param allocatedSize taken on the volume, in bytes, at least 0
 * @param clusterSize in bytes, a power of two from 512 to 2 MiB
 */
public record Layout(long virtualSize, long allocatedSize, int clusterSize) {

    public Layout {
        if (virtualSize < 0 || allocatedSize < 0) {
            throw new IllegalArgumentException("Negative size: " + virtualSize + ", " + allocatedSize);
        }
        if (clusterSize < 512 || clusterSize > 2 << 20 || Integer.bitCount(clusterSize) != 1) {
            throw new IllegalArgumentException("Not a cluster size: " + clusterSize);
        }
    }
}
