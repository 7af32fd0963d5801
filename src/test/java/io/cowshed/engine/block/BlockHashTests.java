package io.cowshed.engine.block;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BlockHashTests {

    private static final int BLOCK = 65_536;

    @Test
    void hashesTheKnownVector() {
        BlockHash hash = new BlockHash();
        hash.update(ByteBuffer.wrap("hello".getBytes(UTF_8)));
        assertThat(hash.digest())
                .isEqualTo("blkhash-sha256:337355feb53a5309d5aba92796223c2c84ffab930e706c01fef573a2722545e6");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 3 * BLOCK + 511})
    void agreesWithItsDefinitionAtEveryLength(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        assertThat(inOneGo(bytes)).isEqualTo(PlainBlockHash.of(bytes));
        assertThat(inOneGo(new byte[length])).isEqualTo(PlainBlockHash.of(new byte[length]));
    }

    private static String inOneGo(byte[] bytes) {
        BlockHash hash = new BlockHash();
        hash.update(ByteBuffer.wrap(bytes));
        return hash.digest();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void doesNotDependOnHowTheBytesCome(long seed) {
        Random random = new Random(seed);
        byte[] bytes = new byte[7 * BLOCK + random.nextInt(BLOCK)];
        BlockHash hash = new BlockHash();
        for (int at = 0; at < bytes.length; ) {
            int length = Math.min(bytes.length - at, 1 + random.nextInt(random.nextBoolean() ? 3 * BLOCK : 700));
            if (random.nextBoolean()) {
                hash.zeros(length);
            } else {
                byte[] piece = new byte[length];
                if (random.nextInt(4) > 0) {
                    random.nextBytes(piece);
                }
                System.arraycopy(piece, 0, bytes, at, length);
                ByteBuffer direct = ByteBuffer.allocateDirect(length).put(piece).flip();
                hash.update(random.nextBoolean() ? direct : ByteBuffer.wrap(piece));
            }
            at += length;
        }
        assertThat(hash.digest()).isEqualTo(PlainBlockHash.of(bytes));
    }

    @Test
    void leavesTheBufferRead() {
        ByteBuffer source = ByteBuffer.allocate(3 * BLOCK + 5).position(3);
        new BlockHash().update(source);
        assertThat(source.hasRemaining()).isFalse();
    }

    @Test
    void takesManyZerosAtOnce() {
        long length = (5L << 30) + 3;
        BlockHash atOnce = new BlockHash();
        atOnce.zeros(length);
        BlockHash inParts = new BlockHash();
        inParts.zeros(1);
        inParts.zeros(length - 2);
        inParts.zeros(1);
        assertThat(atOnce.digest()).isEqualTo(inParts.digest()).isNotEqualTo(inOneGo(new byte[3]));
        assertThatThrownBy(() -> new BlockHash().zeros(-1)).isInstanceOf(IllegalArgumentException.class);
    }
}
