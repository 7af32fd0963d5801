package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.qcow2.format.ClusterMapping;
import io.cowshed.engine.qcow2.format.Qcow2Header;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Reads parts of compressed clusters, from several threads. The decompressors used last are kept with the clusters they
 * hold, so that small reads in a row decompress a cluster once.
 */
final class CompressedClusters implements AutoCloseable {

    /** With the largest clusters each holds up to 6 MiB. */
    private static final int KEPT = 2;

    private final BlockFile file;
    private final Qcow2Header header;
    private final ArrayDeque<ClusterDecompressor> idle = new ArrayDeque<>();
    private boolean closed;

    CompressedClusters(BlockFile file, Qcow2Header header) {
        this.file = file;
        this.header = header;
    }

    /** Fills what remains of {@code target} from offset {@code within} of the cluster on. */
    void read(ClusterMapping.Compressed mapping, int within, ByteBuffer target) throws IOException {
        ClusterDecompressor decompressor = take(mapping);
        try {
            target.put(decompressor.decompress(mapping), within, target.remaining());
        } finally {
            giveBack(decompressor);
        }
    }

    private synchronized ClusterDecompressor take(ClusterMapping.Compressed mapping) {
        for (ClusterDecompressor candidate : idle) {
            if (candidate.holds(mapping)) {
                idle.remove(candidate);
                return candidate;
            }
        }
        @Nullable ClusterDecompressor any = idle.pollLast();
        return any != null
                ? any
                : new ClusterDecompressor(
                        file, header.compression(), header.geometry().clusterSize());
    }

    private synchronized void giveBack(ClusterDecompressor decompressor) {
        idle.addFirst(decompressor);
        if (closed || idle.size() > KEPT) {
            idle.removeLast().close();
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        idle.forEach(ClusterDecompressor::close);
        idle.clear();
    }
}
