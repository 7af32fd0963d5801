package io.cowshed.engine.proof;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged images are refused or reported, whatever is done with them. {@code scripts/fuzz} tries many more. */
class HostileBytesTests {

    private static final int ROUNDS = Integer.getInteger("cowshed.hostile.rounds", 100);

    /** All that is allocated in some 2000 calls together: a header that sized anything by itself would ask for more. */
    private static final long MOST_ALLOCATED = 256L << 20;

    private static final List<Consumer<byte[]>> USES = List.of(
            HostileBytes::readAndMap,
            HostileBytes::stream,
            HostileBytes::check,
            HostileBytes::repair,
            HostileBytes::write);

    private static final List<Long> VALUES = List.of(
            0L, 1L, -1L, 2L, 0xffffL, 1L << 31, 1L << 40, 1L << 62, 1L << 63, 0x1fffL, 1L << 32 | 1, Long.MAX_VALUE);

    @TempDir
    private Path directory;

    @Test
    void anyDamageIsRefusedOrReported() throws IOException {
        int tried = 0;
        for (Sample sample : Sample.makeAll(directory)) {
            byte[] good = sample.file().bytes();
            for (int round = 0; round < (sample.isLarge() ? 1 : ROUNDS); round++) {
                byte[] bad = round == 0 ? good : damaged(good, new Random(round));
                for (Consumer<byte[]> use : USES) {
                    long before = allocated();
                    assertThatCode(() -> use.accept(bad.clone()))
                            .as("%s, round %d", sample, round)
                            .doesNotThrowAnyException();
                    assertThat(allocated() - before)
                            .as("bytes allocated for %s, round %d", sample, round)
                            .isLessThan(MOST_ALLOCATED);
                    tried++;
                }
            }
        }
        assertThat(tried).isGreaterThan(USES.size() * ROUNDS);
    }

    private static long allocated() {
        return ManagementFactory.getPlatformMXBean(ThreadMXBean.class).getCurrentThreadAllocatedBytes();
    }

    /** Damage lies where metadata is: at the beginning. */
    private static byte[] damaged(byte[] good, Random random) {
        byte[] bad = good.clone();
        int metadata = Math.min(good.length - Long.BYTES, random.nextBoolean() ? 112 : 16_384);
        for (int pokes = 1 + random.nextInt(4); pokes > 0; pokes--) {
            int at = random.nextInt(metadata);
            if (random.nextBoolean()) {
                bad[at] ^= (byte) (1 << random.nextInt(8));
            } else {
                ByteBuffer.wrap(bad).putLong(at & -4, VALUES.get(random.nextInt(VALUES.size())));
            }
        }
        return random.nextInt(10) == 0 ? Arrays.copyOf(bad, random.nextInt(bad.length)) : bad;
    }
}
