package io.cowshed.engine.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import io.cowshed.engine.block.CorruptImageException;
import io.cowshed.engine.block.MemoryFile;
import io.cowshed.engine.qcow2.format.ClusterMapping;
import io.cowshed.engine.qcow2.format.CompressionType;
import java.io.IOException;
import java.util.Arrays;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CompressedClusterTests {

    private static final int CLUSTER = 4096;

    /** Bytes on both sides of a compressed cluster, which are not its own. */
    private static final int AROUND = 100;

    private static byte[] pattern(int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (i * i / 300);
        }
        return bytes;
    }

    private static byte[] compressed(CompressionType type, byte[] plain) {
        return switch (type) {
            case ZSTD -> Zstd.compress(plain);
            case ZLIB -> deflated(plain, Deflater.NO_FLUSH, true);
        };
    }

    private static byte[] deflated(byte[] plain, int flush, boolean finish) {
        Deflater deflater = new Deflater(9, true);
        deflater.setInput(plain);
        if (finish) {
            deflater.finish();
        }
        byte[] out = new byte[2 * plain.length];
        int length = deflater.deflate(out, 0, out.length, flush);
        deflater.end();
        return Arrays.copyOf(out, length);
    }

    private static byte[] read(CompressionType type, byte[] compressed, int length) throws IOException {
        byte[] file = new byte[AROUND + compressed.length + AROUND];
        Arrays.fill(file, (byte) 0xee);
        System.arraycopy(compressed, 0, file, AROUND, compressed.length);
        try (ClusterDecompressor decompressor =
                new ClusterDecompressor(new MemoryFile("compressed", file), type, CLUSTER)) {
            return decompressor
                    .decompress(new ClusterMapping.Compressed(AROUND, length))
                    .clone();
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatFollowsInTheLastSectorIsNotItsOwn(CompressionType type) throws IOException {
        byte[] bytes = compressed(type, pattern(CLUSTER));
        assertThat(read(type, bytes, bytes.length + 60)).isEqualTo(pattern(CLUSTER));
    }

    @ParameterizedTest
    @EnumSource
    void theLastSectorMayEndPastTheFile(CompressionType type) throws IOException {
        byte[] bytes = compressed(type, pattern(CLUSTER));
        assertThat(read(type, bytes, bytes.length + 511)).isEqualTo(pattern(CLUSTER));
    }

    @Test
    void aDeflateStreamNeedsNoEnd() throws IOException {
        byte[] bytes = deflated(pattern(CLUSTER), Deflater.SYNC_FLUSH, false);
        assertThat(read(CompressionType.ZLIB, bytes, bytes.length)).isEqualTo(pattern(CLUSTER));
    }

    @ParameterizedTest
    @EnumSource
    void refusesLessThanACluster(CompressionType type) {
        byte[] bytes = compressed(type, pattern(CLUSTER - 1));
        assertThatThrownBy(() -> read(type, bytes, bytes.length + 10)).isInstanceOf(CorruptImageException.class);
    }

    @ParameterizedTest
    @EnumSource
    void refusesMoreThanACluster(CompressionType type) {
        byte[] bytes = compressed(type, pattern(CLUSTER + 1));
        assertThatThrownBy(() -> read(type, bytes, bytes.length)).isInstanceOf(CorruptImageException.class);
    }

    @ParameterizedTest
    @EnumSource
    void refusesAClusterBeyondTheEndOfTheFile(CompressionType type) {
        MemoryFile empty = new MemoryFile("empty", new byte[0]);
        try (ClusterDecompressor decompressor = new ClusterDecompressor(empty, type, CLUSTER)) {
            assertThatThrownBy(() -> decompressor.decompress(new ClusterMapping.Compressed(4096, 512)))
                    .isInstanceOf(CorruptImageException.class);
        }
    }

    @ParameterizedTest
    @EnumSource
    void refusesEveryCut(CompressionType type) {
        byte[] bytes = compressed(type, pattern(CLUSTER));
        int contentEnds = type == CompressionType.ZLIB ? bytes.length - 3 : bytes.length;
        for (int length = 0; length < contentEnds; length += 7) {
            int cut = length;
            assertThatThrownBy(() -> read(type, bytes, cut)).isInstanceOf(CorruptImageException.class);
        }
    }
}
