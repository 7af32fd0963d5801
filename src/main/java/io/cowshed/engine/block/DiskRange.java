package io.cowshed.engine.block;

/**
 * A run of a disk, whatever lies there.
 *
 * @param start the offset in the disk, in bytes
 * @param length in bytes, at least 1
 */
public record DiskRange(long start, long length) {

    /** @throws IllegalArgumentException when it starts before the disk, is empty, or ends where no offset reaches */
    public DiskRange {
        if (start < 0 || length < 1 || length > Long.MAX_VALUE - start) {
            throw new IllegalArgumentException(length + " bytes at " + start);
        }
    }

    /** The first offset after this range. */
    public long end() {
        return start + length;
    }
}
