package io.cowshed.engine.qcow2;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.CorruptImageException;
import io.cowshed.engine.qcow2.format.ClusterMapping;
import io.cowshed.engine.qcow2.format.CompressionType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/** Reads compressed clusters into a buffer of its own, and remembers the last one. For one thread at a time. */
final class ClusterDecompressor implements AutoCloseable {

    private static final String STRUCTURE = "compressed cluster";

    private final BlockFile file;
    private final CompressionType type;
    private final byte[] cluster;
    private byte[] input = new byte[0];
    private @Nullable Inflater inflater;
    private @Nullable ZstdDecompressCtx zstd;
    private ClusterMapping.@Nullable Compressed held;

    ClusterDecompressor(BlockFile file, CompressionType type, int clusterSize) {
        this.file = file;
        this.type = type;
        this.cluster = new byte[clusterSize];
    }

    boolean holds(ClusterMapping.Compressed mapping) {
        return mapping.equals(held);
    }

    /**
     * The content of a compressed cluster: valid until the next call.
     *
     * @throws CorruptImageException when it is cut off, damaged, or of another size than a cluster
     */
    byte[] decompress(ClusterMapping.Compressed mapping) throws IOException {
        if (holds(mapping)) {
            return cluster;
        }
        held = null;
        if (input.length < mapping.length()) {
            input = new byte[mapping.length()];
        }
        int length = file.read(mapping.hostOffset(), ByteBuffer.wrap(input, 0, mapping.length()));
        if (length == 0) {
            throw new CorruptImageException(
                    file.name(), STRUCTURE, mapping.hostOffset(), "it lies beyond the end of the file");
        }
        String problem = switch (type) {
            case ZLIB -> inflate(length);
            case ZSTD -> unzstd(length);
        };
        if (problem != null) {
            throw new CorruptImageException(file.name(), STRUCTURE, mapping.hostOffset(), problem);
        }
        held = mapping;
        return cluster;
    }

    /** A full cluster is enough: QEMU's streams end properly, others need not (specification, "Compressed clusters"). */
    private @Nullable String inflate(int length) {
        if (inflater == null) {
            inflater = new Inflater(true);
        }
        inflater.reset();
        inflater.setInput(input, 0, length);
        int done = 0;
        try {
            while (done < cluster.length) {
                int count = inflater.inflate(cluster, done, cluster.length - done);
                if (count == 0) {
                    return "it is cut off or too short: " + done + " bytes came out";
                }
                done += count;
            }
            return inflater.inflate(new byte[1]) == 0 ? null : "it is longer than a cluster";
        } catch (DataFormatException e) {
            return done == cluster.length ? null : "it is damaged";
        }
    }

    /** The frame's own end decides where it ends: what follows in its last sector is not its own. */
    private @Nullable String unzstd(int length) {
        if (zstd == null) {
            zstd = new ZstdDecompressCtx();
        }
        try {
            int frame = (int) Zstd.findFrameCompressedSize(input, 0, length);
            int size = zstd.decompressByteArray(cluster, 0, cluster.length, input, 0, frame);
            return size == cluster.length ? null : "it is too short: " + size + " bytes came out";
        } catch (ZstdException e) {
            return "it is cut off, damaged, or longer than a cluster";
        }
    }

    @Override
    public void close() {
        if (inflater != null) {
            inflater.end();
        }
        if (zstd != null) {
            zstd.close();
        }
    }
}
