package io.cowshed.engine.guest;

import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.DiskRange;
import io.cowshed.engine.block.Extent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** A disk with some bytes changed, cut off where it is told to. Remembers what was read. */
final class PatchedImage implements DiskImage {

    private final DiskImage disk;
    private final long size;
    private final Map<Long, Byte> patches = new HashMap<>();
    private final List<DiskRange> reads = new ArrayList<>();

    PatchedImage(DiskImage disk, long size) {
        this.disk = disk;
        this.size = size;
    }

    void put(long offset, byte value) {
        patches.put(offset, value);
    }

    byte get(long offset) throws IOException {
        ByteBuffer one = ByteBuffer.allocate(1);
        disk.read(offset, one);
        return patches.getOrDefault(offset, one.get(0));
    }

    /** In the order in which they were made. */
    List<DiskRange> reads() {
        return reads;
    }

    @Override
    public long virtualSize() {
        return size;
    }

    @Override
    public void read(long offset, ByteBuffer target) throws IOException {
        int length = target.remaining();
        Objects.checkFromIndexSize(offset, length, size);
        int position = target.position();
        disk.read(offset, target);
        patches.forEach((at, value) -> {
            if (at >= offset && at < offset + length) {
                target.put((int) (position + at - offset), value);
            }
        });
        if (length > 0) {
            reads.add(new DiskRange(offset, length));
        }
    }

    @Override
    public Extent extentAt(long offset, long maxLength) {
        throw new AssertionError("the guest's space does not depend on how the image is stored");
    }

    @Override
    public void close() {}
}
