package io.cowshed.engine.qcow2.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RefcountBlockTests {

    private static final int CLUSTER_BITS = 9;

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6})
    void everyWidthReadsBackWhatWasSet(int order) {
        ClusterGeometry geometry = new ClusterGeometry(CLUSTER_BITS, false, order);
        long[] expected = new long[geometry.refcountBlockEntries()];
        long[] words = new long[geometry.clusterSize() / Long.BYTES];
        Random random = new Random(order);
        for (int i = 0; i < 10_000; i++) {
            int index = random.nextInt(expected.length);
            expected[index] = random.nextLong() & RefcountBlock.max(geometry);
            int word = RefcountBlock.word(index, geometry);
            words[word] = RefcountBlock.with(words[word], index, expected[index], geometry);
        }
        for (int index = 0; index < expected.length; index++) {
            assertThat(RefcountBlock.get(words, index, geometry)).isEqualTo(expected[index]);
        }
    }

    /** The specification's own formula, on bytes. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void partsOfAByteBeginWithItsLeastSignificantBit(int order) {
        ClusterGeometry geometry = new ClusterGeometry(CLUSTER_BITS, false, order);
        byte[] bytes = new byte[geometry.clusterSize()];
        new Random(order).nextBytes(bytes);
        long[] words = new long[bytes.length / Long.BYTES];
        ByteBuffer.wrap(bytes).asLongBuffer().get(words);
        int bits = geometry.refcountBits();
        int perByte = 8 / bits;
        for (int index = 0; index < geometry.refcountBlockEntries(); index++) {
            int expected = (bytes[index / perByte] >> (bits * (index % perByte))) & ((1 << bits) - 1);
            assertThat(RefcountBlock.get(words, index, geometry)).isEqualTo(expected);
        }
    }

    @Test
    void wholeBytesAreBigEndian() {
        ByteBuffer bytes = ByteBuffer.allocate(8)
                .putShort((short) 1)
                .putShort((short) 0x0203)
                .putInt(0xfffefdfc);
        long[] words = {bytes.getLong(0)};
        ClusterGeometry sixteen = new ClusterGeometry(CLUSTER_BITS, false, 4);
        assertThat(RefcountBlock.get(words, 0, sixteen)).isEqualTo(1);
        assertThat(RefcountBlock.get(words, 1, sixteen)).isEqualTo(0x0203);
        assertThat(RefcountBlock.get(words, 3, sixteen)).isEqualTo(0xfdfc);
        ClusterGeometry thirtyTwo = new ClusterGeometry(CLUSTER_BITS, false, 5);
        assertThat(RefcountBlock.get(words, 1, thirtyTwo)).isEqualTo(0xfffefdfcL);
        assertThat(RefcountBlock.get(words, 4, new ClusterGeometry(CLUSTER_BITS, false, 3)))
                .isEqualTo(0xff);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5})
    void refusesWhatDoesNotFit(int order) {
        ClusterGeometry geometry = new ClusterGeometry(CLUSTER_BITS, false, order);
        long tooMuch = RefcountBlock.max(geometry) + 1;
        assertThatThrownBy(() -> RefcountBlock.with(0, 3, tooMuch, geometry))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
