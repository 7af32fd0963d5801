package io.cowshed.engine.qcow2.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class L2EntryTests {

    @ParameterizedTest
    @ValueSource(ints = {9, 12, 16, 21})
    void aCompressedEntrySaysWhereItsBytesAreAndHowManySectorsTheyTouch(int clusterBits) {
        ClusterGeometry geometry = new ClusterGeometry(clusterBits, false, 4);
        for (long offset : new long[] {1, 511, 512, 0x12345L, (1L << 40) + 700}) {
            for (int length : new int[] {1, 2, 511, geometry.clusterSize() - 1}) {
                long entry = L2Entry.compressed(geometry, offset, length);
                assertThat(L2Entry.mapping(entry, 0, 0, geometry))
                        .isInstanceOfSatisfying(ClusterMapping.Compressed.class, mapping -> {
                            assertThat(mapping.hostOffset()).isEqualTo(offset);
                            long end = offset + mapping.length();
                            assertThat(end % 512).isZero();
                            assertThat(end - (offset + length)).isBetween(0L, 511L);
                        });
            }
        }
    }

    @Test
    void aCompressedEntryRefusesWhatItCannotHold() {
        ClusterGeometry geometry = new ClusterGeometry(16, false, 4);
        assertThatThrownBy(() -> L2Entry.compressed(geometry, 1L << 54, 1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> L2Entry.compressed(geometry, 0x10000, 1 << 18))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void subclustersLieSideBySideInTheirCluster() {
        ClusterGeometry geometry = new ClusterGeometry(16, true, 4);
        long cluster = L2Entry.data(0x50000);
        long bitmap = 1L << 3 | 1L << (32 + 4);
        assertThat(L2Entry.mapping(cluster, bitmap, 3, geometry))
                .isEqualTo(new ClusterMapping.Data(0x50000 + 3 * 2048));
        assertThat(L2Entry.mapping(cluster, bitmap, 4, geometry))
                .isEqualTo(new ClusterMapping.Zero(0x50000 + 4 * 2048));
        assertThat(L2Entry.mapping(cluster, bitmap, 5, geometry))
                .isEqualTo(new ClusterMapping.Unallocated(0x50000 + 5 * 2048));
        assertThat(L2Entry.mapping(0, bitmap, 4, geometry)).isEqualTo(new ClusterMapping.Zero(0));
    }

    @Test
    void geometryOfTheSpecificationsExamples() {
        ClusterGeometry usual = new ClusterGeometry(16, false, 4);
        assertThat(usual.l2Coverage()).isEqualTo(512L << 20);
        assertThat(usual.l1EntriesFor((512L << 20) + 1)).isEqualTo(2);
        assertThat(usual.refcountBlockEntries()).isEqualTo(32_768);
        ClusterGeometry extended = new ClusterGeometry(16, true, 0);
        assertThat(extended.l2Coverage()).isEqualTo(256L << 20);
        assertThat(extended.subclusterSize()).isEqualTo(2048);
        assertThat(extended.refcountBlockEntries()).isEqualTo(524_288);
        assertThatThrownBy(() -> new ClusterGeometry(13, true, 4)).isInstanceOf(IllegalArgumentException.class);
    }
}
