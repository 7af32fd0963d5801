package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.CorruptImageException;
import io.cowshed.engine.qcow2.format.ClusterGeometry;

/**
 * A table that lies in one piece in the file, and shares its clusters with nothing else.
 *
 * @param structure the specification's name for it
 * @param offset in bytes
 * @param bytes its length, at least 1
 */
record MetadataRegion(String structure, long offset, long bytes) {

    /** @throws CorruptImageException unless it is cluster-aligned and lies within the file, after the header */
    MetadataRegion checked(String file, long fileSize, ClusterGeometry geometry) throws CorruptImageException {
        if (offset <= 0 || !geometry.isClusterAligned(offset)) {
            throw new CorruptImageException(file, structure, offset, "it is not cluster-aligned, or on the header");
        }
        if (offset > fileSize - bytes) {
            throw new CorruptImageException(file, structure, offset, "it lies beyond the end of the file");
        }
        return this;
    }

    /**
     * Adds its clusters to the map of metadata.
     *
     * @throws CorruptImageException when other metadata has one of them
     */
    void claim(String file, ClusterGeometry geometry, MetadataMap metadata) throws CorruptImageException {
        long last = geometry.clusterOf(offset + bytes - 1);
        for (long cluster = geometry.clusterOf(offset); cluster <= last; cluster++) {
            if (!metadata.add(cluster)) {
                throw new CorruptImageException(
                        file,
                        structure,
                        offset,
                        "it claims the cluster at " + geometry.clusterStart(cluster) + ", which is other metadata");
            }
        }
    }

    /** 64-bit entries. */
    long entries() {
        return bytes / Long.BYTES;
    }
}
