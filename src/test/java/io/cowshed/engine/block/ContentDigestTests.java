package io.cowshed.engine.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ContentDigestTests {

    private static final int UNIT = 4096;

    /** A disk whose 4 KiB units are data or known zeros. */
    private static class FakeDisk implements DiskImage {
        final byte[] bytes;
        final boolean[] zero;
        final AtomicLong read = new AtomicLong();
        final AtomicInteger busy = new AtomicInteger();

        FakeDisk(int length, long seed) {
            Random random = new Random(seed);
            bytes = new byte[length];
            zero = new boolean[length / UNIT + 1];
            boolean now = false;
            for (int unit = 0; unit < zero.length; unit++) {
                now = random.nextInt(60) == 0 ? !now : now;
                zero[unit] = now;
                for (int i = unit * UNIT; !now && i < Math.min(length, (unit + 1) * UNIT); i++) {
                    bytes[i] = (byte) random.nextInt();
                }
            }
        }

        @Override
        public long virtualSize() {
            return bytes.length;
        }

        @Override
        public void read(long offset, ByteBuffer target) throws IOException {
            Objects.checkFromIndexSize(offset, target.remaining(), bytes.length);
            busy.incrementAndGet();
            read.addAndGet(target.remaining());
            target.put(bytes, (int) offset, target.remaining());
            busy.decrementAndGet();
        }

        @Override
        public Extent extentAt(long offset, long maxLength) {
            Objects.checkIndex(offset, bytes.length);
            int unit = (int) offset / UNIT;
            int end = unit;
            while (end < zero.length && zero[end] == zero[unit]) {
                end++;
            }
            long length = Math.min(maxLength, Math.min((long) end * UNIT, bytes.length) - offset);
            return new Extent(offset, length, 0, true, zero[unit], !zero[unit], false, OptionalLong.empty());
        }

        @Override
        public void close() {}
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 65535, 65536, 65537, 1 << 20, 9_000_001, 30 << 20})
    void isTheHashOfWhatTheGuestReads(int length) throws Exception {
        FakeDisk disk = new FakeDisk(length, length);
        AtomicLong progress = new AtomicLong();
        assertThat(ContentDigest.of(disk, progress::addAndGet)).isEqualTo(PlainBlockHash.of(disk.bytes));
        assertThat(progress).hasValue(length);
    }

    @Test
    void doesNotReadWhatIsKnownToBeZero() throws Exception {
        FakeDisk disk = new FakeDisk(8 << 20, 1);
        java.util.Arrays.fill(disk.zero, true);
        java.util.Arrays.fill(disk.bytes, (byte) 0);
        assertThat(ContentDigest.of(disk)).isEqualTo(PlainBlockHash.of(disk.bytes));
        assertThat(disk.read).hasValue(0);
    }

    @Test
    void tellsProgressWithinALongRunOfZeros() throws Exception {
        long size = 100L << 30;
        FakeDisk disk = new FakeDisk(0, 1) {
            @Override
            public long virtualSize() {
                return size;
            }

            @Override
            public Extent extentAt(long offset, long maxLength) {
                return new Extent(offset, maxLength, 0, true, true, false, false, OptionalLong.empty());
            }
        };
        List<Long> steps = new ArrayList<>();
        BlockHash expected = new BlockHash();
        expected.zeros(size);
        assertThat(ContentDigest.of(disk, steps::add)).isEqualTo(expected.digest());
        assertThat(steps).allMatch(step -> step <= ContentDigest.ZERO_PIECE_SIZE);
        assertThat(steps.stream().mapToLong(step -> step).sum()).isEqualTo(size);
    }

    @Test
    void failsAsTheDiskFails() {
        FakeDisk disk = new FakeDisk(8 << 20, 1) {
            @Override
            public void read(long offset, ByteBuffer target) throws IOException {
                if (offset > 3 << 20) {
                    throw new CorruptImageException("disk", "L2 table", offset, "broken");
                }
                super.read(offset, target);
            }
        };
        assertThatThrownBy(() -> ContentDigest.of(disk)).isInstanceOf(CorruptImageException.class);
    }

    @Test
    void whatProgressThrowsEndsItAndItsWorkers() {
        FakeDisk disk = new FakeDisk(30 << 20, 1);
        assertThatThrownBy(() -> ContentDigest.of(disk, _ -> {
                    throw new IllegalStateException("called off");
                }))
                .hasMessage("called off");
        // Whoever was still at work has ended before.
        assertThat(disk.busy).hasValue(0);
        assertThat(disk.read).hasValueLessThan(20 << 20);
    }

    @Test
    void anInterruptEndsItAndItsWorkers() throws Exception {
        CountDownLatch reading = new CountDownLatch(1);
        CountDownLatch never = new CountDownLatch(1);
        FakeDisk disk = new FakeDisk(8 << 20, 1) {
            @Override
            public void read(long offset, ByteBuffer target) throws IOException {
                reading.countDown();
                try {
                    never.await();
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
            }
        };
        AtomicReference<@Nullable Throwable> outcome = new AtomicReference<>();
        Thread caller = Thread.ofVirtual().start(() -> {
            try {
                ContentDigest.of(disk);
            } catch (Throwable e) {
                outcome.set(e);
            }
        });
        reading.await();
        caller.interrupt();
        caller.join();
        assertThat(outcome.get()).isInstanceOf(InterruptedException.class);
    }
}
