package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.CorruptImageException;
import io.cowshed.engine.qcow2.format.ClusterGeometry;
import io.cowshed.engine.qcow2.format.L2Entry;
import io.cowshed.engine.qcow2.format.Qcow2Header;

/**
 * Counts the clusters that one disk maps, and refuses more than its file can hold. Within one disk no two of them share
 * anything. Else a small file could show terabytes of data that all have to be read.
 */
final class MappedClusters {

    /** A match of 258 bytes in two bits (RFC 1951, section 3.2.5) is the most that deflate does. */
    private static final int DEFLATE_BEST = 1032;

    /** The magic number and the shortest frame header (RFC 8878, section 3.1.1). */
    private static final int ZSTD_HEAD = 6;

    /** A block's header and the byte that it repeats (section 3.1.1.2). */
    private static final int ZSTD_BLOCK = 4;

    /** The most that one block holds (section 3.1.1.2.4). */
    private static final int ZSTD_BLOCK_CONTENT = 128 << 10;

    private final String file;
    private final long most;
    private final long mostCompressed;
    private long whole;
    private long compressed;

    MappedClusters(String file, long fileSize, Qcow2Header header) {
        ClusterGeometry geometry = header.geometry();
        this.file = file;
        this.most = geometry.clustersFor(fileSize);
        this.mostCompressed = fileSize / (leastCompressed(header) + geometry.l2EntryWords() * Long.BYTES);
    }

    /** How few bytes a compressed cluster can take, its L2 entry apart. */
    private static int leastCompressed(Qcow2Header header) {
        int clusterSize = header.geometry().clusterSize();
        return switch (header.compression()) {
            case ZLIB -> Math.ceilDiv(clusterSize, DEFLATE_BEST);
            case ZSTD -> ZSTD_HEAD + ZSTD_BLOCK * Math.ceilDiv(clusterSize, ZSTD_BLOCK_CONTENT);
        };
    }

    /**
     * Counts an entry of an L2 table.
     *
     * @param position where in the file it lies
     * @throws CorruptImageException when it is one too many
     */
    void count(long position, long descriptor) throws CorruptImageException {
        if (L2Entry.isCompressed(descriptor)) {
            compressed++;
        } else if (L2Entry.hostOffset(descriptor) != 0) {
            whole++;
        }
        if (whole > most || compressed > mostCompressed) {
            throw new CorruptImageException(
                    file, "L2 table", position, "the disk maps more clusters than its file can hold");
        }
    }
}
