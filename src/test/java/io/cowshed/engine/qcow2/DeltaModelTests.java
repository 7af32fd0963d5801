package io.cowshed.engine.qcow2;

import static io.cowshed.engine.qcow2.SectorDisk.SECTOR;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.engine.block.BackingResolver;
import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.DiskRange;
import io.cowshed.engine.block.DiskRanges;
import io.cowshed.engine.block.Extent;
import io.cowshed.engine.block.ImageFormat;
import io.cowshed.engine.block.MemoryFile;
import io.cowshed.engine.qcow2.DeltaCopy.Options;
import io.cowshed.engine.qcow2.DeltaCopy.Outcome;
import io.cowshed.engine.qcow2.SectorDisk.Kind;
import io.cowshed.engine.qcow2.format.CompressionType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Deltas of disks of random sectors, over others of any length, against what must come of each cluster. */
class DeltaModelTests {

    private static final int LARGEST = 400_000;

    private static final int[] SIZES = {
        0, 1, 511, 512, 513, 4095, 4096, 4097, 65535, 65536, 65537, 131_073, 300_000, LARGEST
    };

    /** One delta, made at random. */
    private static final class Case {
        final Random random;
        final SectorDisk source;
        final @Nullable SectorDisk below;
        final List<DiskRange> free = new ArrayList<>();
        final Options options;
        final MemoryFile file = new MemoryFile("delta", new byte[0]);
        final AtomicLong done = new AtomicLong();

        Case(long seed, int clusterBits, @Nullable CompressionType compression) {
            random = new Random(seed);
            byte[] shared = new byte[LARGEST];
            random.nextBytes(shared);
            for (int at = 0; at < LARGEST; at += 1 + random.nextInt(40_000)) {
                Arrays.fill(shared, at, Math.min(LARGEST, at + random.nextInt(10_000)), (byte) 0);
            }
            source = SectorDisk.random("source", size(), shared, random);
            below = random.nextInt(4) == 0 ? null : SectorDisk.random("below", size(), shared, random);
            boolean withFree = random.nextBoolean();
            if (withFree) {
                addFree();
            }
            Iterator<DiskRange> ranges = free.iterator();
            DiskRanges pulled = withFree ? () -> ranges.hasNext() ? ranges.next() : null : null;
            BackingLink link = below == null ? null : new BackingLink("below", ImageFormat.RAW);
            options = new Options(clusterBits, null, link, compression, random.nextBoolean(), pulled);
        }

        private int size() {
            return SIZES[random.nextInt(SIZES.length)];
        }

        private void addFree() {
            long at = random.nextInt(3) == 0 ? 0 : random.nextInt(5000);
            while (at < source.virtualSize() + 5000) {
                int length = 1 + random.nextInt(random.nextBoolean() ? 40_000 : 700);
                free.add(new DiskRange(at, length));
                at += length + (random.nextBoolean() ? 0 : random.nextInt(3000));
            }
        }

        int size512() {
            return Math.ceilDiv((int) source.virtualSize(), SECTOR) * SECTOR;
        }

        Outcome write(int threads) throws Exception {
            long work = DeltaCopy.work(source, below, options);
            Outcome outcome = DeltaCopy.write(source, below, file, options, done::addAndGet, threads);
            assertThat(done).hasValue(work);
            assertThat(file.size()).isEqualTo(outcome.fileSize());
            assertThat(Qcow2Check.check(file).clean()).isTrue();
            return outcome;
        }

        DiskImage open() throws IOException {
            byte[] content = below == null ? new byte[0] : below.content(0, (int) below.virtualSize());
            BackingResolver resolver = (_, _, format) -> {
                assertThat(format).isEqualTo("raw");
                return new BackingResolver.Backing(new MemoryFile("below", content), ImageFormat.RAW);
            };
            return ImageChain.open(file, ImageFormat.QCOW2, resolver);
        }

        /** Whether all of a cluster that is on the disk is free. */
        boolean isFree(int start, int end) {
            BitSet bytes = new BitSet();
            for (DiskRange range : free) {
                bytes.set((int) range.start(), (int) range.end());
            }
            return bytes.nextClearBit(start) >= Math.min(end, source.virtualSize());
        }

        byte[] expected() {
            byte[] disk = source.content(0, size512());
            int cluster = 1 << options.clusterBits();
            for (int start = 0; start < disk.length; start += cluster) {
                int end = Math.min(disk.length, start + cluster);
                if (isFree(start, end)) {
                    Arrays.fill(disk, start, end, (byte) 0);
                }
            }
            return disk;
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {9, 10, 12, 16, 21})
    void showsWhatTheSourceShowsButForWhatIsFree(int clusterBits) throws Exception {
        for (int seed = 0; seed < 150; seed++) {
            CompressionType compression =
                    seed % 5 > 0 ? null : seed % 2 == 0 ? CompressionType.ZLIB : CompressionType.ZSTD;
            Case one = new Case(seed, clusterBits, compression);
            Outcome outcome = one.write(2);
            long own = own(one.source);
            assertThat(outcome.zeros() + outcome.equal() + outcome.free()).isBetween(0L, own);
            try (DiskImage image = one.open()) {
                ByteBuffer content = ByteBuffer.allocate(one.size512());
                assertThat(image.virtualSize()).isEqualTo(one.size512());
                image.read(0, content);
                assertThat(Arrays.mismatch(content.array(), one.expected()))
                        .as("seed %d, %s", seed, one.options)
                        .isEqualTo(-1);
            }
        }
    }

    private static long own(SectorDisk disk) {
        return IntStream.range(0, Math.ceilDiv((int) disk.virtualSize(), SECTOR))
                .filter(sector -> disk.kind(sector) == Kind.OWN)
                .mapToLong(sector -> Math.min(SECTOR, disk.virtualSize() - (long) sector * SECTOR))
                .sum();
    }

    private enum Fate {
        LEFT_OUT,
        ZERO,
        DATA
    }

    /** With clusters of one sector it can be said of each what it must become, and for which reason. */
    @Test
    void makesOfEachSectorWhatItMust() throws Exception {
        for (int seed = 1000; seed < 1200; seed++) {
            Case one = new Case(seed, 9, null);
            Outcome outcome = one.write(2);
            long[] saved = new long[3];
            try (DiskImage image = one.open()) {
                for (int sector = 0; sector < one.size512() / SECTOR; sector++) {
                    assertThat(fate(image, sector))
                            .as("seed %d, sector %d, %s", seed, sector, one.options)
                            .isEqualTo(expectedFate(one, sector, saved));
                }
            }
            assertThat(outcome).isEqualTo(new Outcome(outcome.fileSize(), saved[0], saved[1], saved[2]));
        }
    }

    private static Fate fate(DiskImage image, int sector) throws IOException {
        Extent extent = image.extentAt((long) sector * SECTOR, SECTOR);
        if (extent.depth() > 0 || !extent.present()) {
            return Fate.LEFT_OUT;
        }
        return extent.zero() ? Fate.ZERO : Fate.DATA;
    }

    /** Adds to {@code saved} what is given back: zeros, equal, free. */
    private static Fate expectedFate(Case one, int sector, long[] saved) {
        int start = sector * SECTOR;
        Kind kind = one.source.kind(sector);
        Kind kindBelow = one.below == null ? Kind.UNALLOCATED : one.below.kind(sector);
        byte[] content = one.source.content(start, start + SECTOR);
        byte[] below = one.below == null ? new byte[SECTOR] : one.below.content(start, start + SECTOR);
        boolean zero = kind == Kind.ZERO || kind == Kind.UNALLOCATED;
        boolean zeroBelow = kindBelow == Kind.ZERO || kindBelow == Kind.UNALLOCATED;
        long own = kind == Kind.OWN ? Math.min(SECTOR, one.source.virtualSize() - start) : 0;
        if (one.isFree(start, start + SECTOR)) {
            saved[2] += own;
            return zeroBelow ? Fate.LEFT_OUT : Fate.ZERO;
        }
        // The end of a disk within a sector makes two extents of it, which are looked at.
        boolean samePlace = kind == Kind.SHARED
                && kindBelow == Kind.SHARED
                && (one.below == null || start + SECTOR <= Math.min(one.source.virtualSize(), one.below.virtualSize()));
        if ((zero && zeroBelow) || samePlace) {
            return Fate.LEFT_OUT;
        }
        if (zero) {
            return Fate.ZERO;
        }
        boolean endsBelow = one.below != null
                && one.below.virtualSize() > start
                && one.below.virtualSize() < Math.min(start + SECTOR, one.source.virtualSize());
        if (!one.options.thorough() && (own > 0 || zeroBelow || endsBelow)) {
            return Fate.DATA;
        }
        boolean zeros = Arrays.equals(content, new byte[SECTOR]);
        boolean equal = Arrays.equals(content, below);
        if (zeros) {
            saved[0] += own;
            return equal ? Fate.LEFT_OUT : Fate.ZERO;
        }
        if (equal) {
            saved[1] += own;
            return Fate.LEFT_OUT;
        }
        return Fate.DATA;
    }

    @Test
    void writesTheSameBytesWithAnyNumberOfThreads() throws Exception {
        for (int seed = 0; seed < 40; seed++) {
            Case alone = new Case(seed, 12, null);
            alone.write(1);
            for (int threads = 2; threads <= 4; threads++) {
                Case other = new Case(seed, 12, null);
                other.write(threads);
                assertThat(Arrays.mismatch(other.file.bytes(), alone.file.bytes()))
                        .isEqualTo(-1);
            }
        }
    }

    @Test
    void refusesFreeRangesThatGoBack() {
        Iterator<DiskRange> ranges =
                List.of(new DiskRange(5000, 1000), new DiskRange(5999, 1)).iterator();
        Options options = new Options(12, null, null, null, false, () -> ranges.hasNext() ? ranges.next() : null);
        SectorDisk disk = SectorDisk.random("source", 10_000, new byte[10_000], new Random(1));
        BlockFile file = new MemoryFile("delta", new byte[0]);
        assertThatThrownBy(() -> DeltaCopy.write(disk, null, file, options, _ -> {}))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("5999");
    }
}
