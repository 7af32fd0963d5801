package io.cowshed.engine.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.qcow2.format.ClusterGeometry;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MetadataMapTests {

    private static final ClusterGeometry GEOMETRY = new ClusterGeometry(9, false, 4);
    private static final long MOST = 1L << 46;

    @Test
    void isASetOfClustersWhereverTheyLie() {
        MetadataMap map = new MetadataMap(GEOMETRY);
        Set<Long> expected = new HashSet<>();
        Random random = new Random(1);
        for (int i = 0; i < 50_000; i++) {
            long cluster = random.nextBoolean() ? random.nextLong(5000) : random.nextLong(MOST);
            if (random.nextInt(3) == 0) {
                map.remove(cluster);
                expected.remove(cluster);
            } else {
                assertThat(map.add(cluster)).isEqualTo(expected.add(cluster));
            }
        }
        for (long cluster = 0; cluster < 5000; cluster++) {
            assertThat(map.contains(cluster)).isEqualTo(expected.contains(cluster));
        }
        assertThat(expected).allMatch(map::contains);
    }

    @Test
    void aRangeHitsWhatItTouches() {
        MetadataMap map = new MetadataMap(GEOMETRY);
        map.add(10);
        assertThat(map.isHit(0, 10 * 512)).isFalse();
        assertThat(map.isHit(0, 10 * 512 + 1)).isTrue();
        assertThat(map.isHit(11 * 512 - 1, 1)).isTrue();
        assertThat(map.isHit(11 * 512, 100_000)).isFalse();
    }
}
