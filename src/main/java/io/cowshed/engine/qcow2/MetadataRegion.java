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

    /** 64-bit entries. */
    long entries() {
        return bytes / Long.BYTES;
    }
}
