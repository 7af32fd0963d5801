package io.cowshed.engine.qcow2;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import io.cowshed.engine.posix.Deflate;
import io.cowshed.engine.qcow2.format.CompressionType;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.zip.Deflater;

/** Compresses clusters one by one, with the levels that QEMU uses. For one thread at a time. */
sealed interface ClusterCompressor extends AutoCloseable {

    /**
     * Compresses what remains of {@code source}, a cluster, to the front of {@code target}. Both are direct buffers.
     *
     * @return how many bytes came out, fewer than the cluster has; 0 when it does not get shorter
     */
    int compress(ByteBuffer source, ByteBuffer target);

    @Override
    void close();

    /** One for clusters of {@code clusterSize} bytes. */
    static ClusterCompressor of(CompressionType type, int clusterSize) {
        return switch (type) {
            case ZLIB -> {
                Optional<Deflate> system = Deflate.open(Deflater.DEFAULT_COMPRESSION, SystemZlib.WINDOW_BITS);
                yield system.isPresent() ? new SystemZlib(system.get(), new OneZstd(1, clusterSize)) : new JavaZlib();
            }
            case ZSTD -> new OneZstd(Zstd.defaultCompressionLevel(), clusterSize);
        };
    }

    /**
     * Raw deflate with the window that the format asks for. Noise, on which deflate would be as slow as on anything, is told
     * in a tenth of the time: where a fast zstd finds neither a match nor, as counted here, bytes that are more frequent than
     * others, deflate would gain less than half a percent.
     */
    record SystemZlib(Deflate deflate, OneZstd probe) implements ClusterCompressor {

        /** Bits per byte of noise: a cluster of 64 KiB of it shows 7.997. */
        private static final double NOISE = 7.99;

        private static final int WINDOW_BITS = 12;

        @Override
        public int compress(ByteBuffer source, ByteBuffer target) {
            if (!probe.shortens(source) && entropy(source) > NOISE) {
                return 0;
            }
            ByteBuffer out = target.slice(0, source.remaining() - 1);
            return deflate.compress(source, out) ? out.position() : 0;
        }

        /** Of the bytes by themselves, in bits. */
        private static double entropy(ByteBuffer source) {
            int[] counts = new int[256];
            for (int i = source.position(); i < source.limit(); i++) {
                counts[Byte.toUnsignedInt(source.get(i))]++;
            }
            double bits = 0;
            for (int count : counts) {
                double share = (double) count / source.remaining();
                bits -= count == 0 ? 0 : share * Math.log(share) / Math.log(2);
            }
            return bits;
        }

        @Override
        public void close() {
            try (probe) {
                deflate.close();
            }
        }
    }

    /**
     * Where the system has no zlib. The JDK's has a window of 15 bits: QEMU reads that too, because it decompresses a cluster
     * in one go, with the cluster itself for a window.
     */
    record JavaZlib(Deflater deflater) implements ClusterCompressor {

        JavaZlib() {
            this(new Deflater(Deflater.DEFAULT_COMPRESSION, true));
        }

        @Override
        public int compress(ByteBuffer source, ByteBuffer target) {
            ByteBuffer out = target.slice(0, source.remaining() - 1);
            deflater.reset();
            deflater.setInput(source);
            deflater.finish();
            deflater.deflate(out);
            return deflater.finished() ? out.position() : 0;
        }

        @Override
        public void close() {
            deflater.end();
        }
    }

    /** One zstd frame for each cluster. */
    final class OneZstd implements ClusterCompressor {

        private final ZstdCompressCtx context;
        private final ByteBuffer frame;

        private OneZstd(int level, int clusterSize) {
            this.context = new ZstdCompressCtx().setLevel(level);
            this.frame = ByteBuffer.allocateDirect((int) Zstd.compressBound(clusterSize));
        }

        @Override
        public int compress(ByteBuffer source, ByteBuffer target) {
            int length = frame(source);
            if (length >= source.remaining()) {
                return 0;
            }
            target.put(target.position(), frame, 0, length);
            return length;
        }

        boolean shortens(ByteBuffer source) {
            return frame(source) < source.remaining();
        }

        private int frame(ByteBuffer source) {
            return context.compressDirectByteBuffer(
                    frame, 0, frame.capacity(), source, source.position(), source.remaining());
        }

        @Override
        public void close() {
            context.close();
        }
    }
}
