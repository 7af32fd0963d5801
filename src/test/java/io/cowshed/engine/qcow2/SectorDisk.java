package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.Extent;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.Random;

/**
 * A disk of which each sector is of a kind of its own: known to be zero, in the disk's own file, or in a file below that
 * other disks may show too. What is data may be zeros all the same, or what another disk has there.
 */
final class SectorDisk implements DiskImage {

    static final int SECTOR = 512;

    private final String name;
    private final byte[] content;
    private final Kind[] kinds;

    /** Where a sector lies. */
    enum Kind {
        UNALLOCATED,
        ZERO,
        OWN,
        SHARED
    }

    private SectorDisk(String name, byte[] content, Kind[] kinds) {
        this.name = name;
        this.content = content;
        this.kinds = kinds;
    }

    /**
     * A disk in runs of random kinds.
     *
     * @param shared what the file below holds, byte for byte where the disk shows it
     */
    static SectorDisk random(String name, int size, byte[] shared, Random random) {
        byte[] content = new byte[size];
        Kind[] kinds = new Kind[Math.ceilDiv(size, SECTOR)];
        Kind kind = Kind.OWN;
        int pattern = 0;
        int left = 0;
        for (int sector = 0; sector < kinds.length; sector++, left--) {
            if (left == 0) {
                kind = Kind.values()[random.nextInt(4)];
                pattern = random.nextInt(3);
                left = 1 + random.nextInt(random.nextInt(5) == 0 ? 1000 : 12);
            }
            kinds[sector] = kind;
            for (int at = sector * SECTOR; at < Math.min(size, (sector + 1) * SECTOR); at++) {
                content[at] = switch (kind) {
                    case UNALLOCATED, ZERO -> 0;
                    // Zeros, the same in any disk, or noise.
                    case OWN -> (byte) (pattern == 0 ? 0 : pattern == 1 ? 7 + sector : random.nextInt());
                    case SHARED -> shared[at];
                };
            }
        }
        return new SectorDisk(name, content, kinds);
    }

    Kind kind(int sector) {
        return sector < kinds.length ? kinds[sector] : Kind.UNALLOCATED;
    }

    /** What the disk holds, and zeros after its end. */
    byte[] content(int from, int to) {
        byte[] bytes = new byte[to - from];
        int own = Math.clamp(content.length - (long) from, 0, bytes.length);
        if (own > 0) {
            System.arraycopy(content, from, bytes, 0, own);
        }
        return bytes;
    }

    @Override
    public long virtualSize() {
        return content.length;
    }

    @Override
    public void read(long offset, ByteBuffer target) {
        Objects.checkFromIndexSize(offset, target.remaining(), content.length);
        target.put(content, (int) offset, target.remaining());
    }

    @Override
    public Object fileKey(int depth) {
        return depth == 0 ? name : "shared";
    }

    @Override
    public Extent extentAt(long offset, long maxLength) {
        Objects.checkIndex(offset, content.length);
        int first = (int) offset / SECTOR;
        int next = first;
        while (next < kinds.length && kinds[next] == kinds[first]) {
            next++;
        }
        long length = Math.min(maxLength, Math.min(content.length, next * SECTOR) - offset);
        return switch (kinds[first]) {
            case UNALLOCATED -> new Extent(offset, length, 1, false, true, false, false, OptionalLong.empty());
            case ZERO -> new Extent(offset, length, 0, true, true, false, false, OptionalLong.empty());
            case OWN -> new Extent(offset, length, 0, true, false, true, false, OptionalLong.of(offset));
            case SHARED -> new Extent(offset, length, 1, true, false, true, false, OptionalLong.of(offset));
        };
    }

    @Override
    public void close() {}
}
