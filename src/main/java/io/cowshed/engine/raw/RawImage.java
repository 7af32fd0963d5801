package io.cowshed.engine.raw;

import io.cowshed.engine.block.BlockFile;
import io.cowshed.engine.block.CorruptImageException;
import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.Extent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.OptionalLong;

/** A raw disk file: as long as the disk, byte for byte. Its holes are its zero extents. */
public final class RawImage implements DiskImage {

    private final BlockFile file;
    private final long size;

    /** The disk is as long as the file is now. Closing the image closes the file. */
    public RawImage(BlockFile file) throws IOException {
        this.file = file;
        this.size = file.size();
    }

    @Override
    public long virtualSize() {
        return size;
    }

    @Override
    public void read(long offset, ByteBuffer target) throws IOException {
        Objects.checkFromIndexSize(offset, target.remaining(), size);
        int length = target.remaining();
        if (file.read(offset, target) < length) {
            throw tooShort(offset);
        }
    }

    @Override
    public void copyTo(long offset, long length, BlockFile target, long targetPosition) throws IOException {
        Objects.checkFromIndexSize(offset, length, size);
        if (file.copyTo(offset, length, target, targetPosition) < length) {
            throw tooShort(offset);
        }
    }

    private CorruptImageException tooShort(long offset) {
        return new CorruptImageException(file.name(), "raw disk", offset, "the file has become shorter than the disk");
    }

    @Override
    public Object fileKey(int depth) {
        return file.key();
    }

    @Override
    public Extent extentAt(long offset, long maxLength) throws IOException {
        Objects.checkIndex(offset, size);
        Objects.checkIndex(0, maxLength);
        long data = Math.min(file.nextData(offset), size);
        boolean hole = data > offset;
        long end = hole ? data : Math.min(file.nextHole(offset), size);
        long length = Math.min(maxLength, Math.max(1, end - offset));
        return new Extent(offset, length, 0, true, hole, !hole, false, OptionalLong.of(offset));
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
