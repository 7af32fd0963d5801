package io.cowshed.engine.posix;

import java.time.Instant;

/**
 * What the file system says of a file.
 *
 * @param mode file type and permissions, as {@code st_mode} has them
 * @param group the number of the group that it belongs to
 * @param links how many names the file has
 * @param size its length in bytes
 * @param allocatedSize what it occupies, in bytes: holes do not count, and neither does what is shared below the file system
 * @param modified when its contents were last changed, to the nanosecond as far as the file system keeps it; whoever writes to
 *     it may set it
 * @param changed when anything about it was last changed, its names included; nobody can set that
 */
public record FileStatus(
        FileIdentity identity,
        int mode,
        int group,
        int links,
        long size,
        long allocatedSize,
        Instant modified,
        Instant changed) {

    private static final int TYPE_MASK = 0xF000;
    private static final int PERMISSION_MASK = 0xFFF;

    /** Whether this is a regular file: no directory, device, FIFO, socket or symbolic link. */
    public boolean isRegular() {
        return (mode & TYPE_MASK) == 0x8000;
    }

    /** The permission bits, such as {@code 0444}. */
    public int permissions() {
        return mode & PERMISSION_MASK;
    }

    String typeName() {
        return switch (mode & TYPE_MASK) {
            case 0x1000 -> "a FIFO";
            case 0x2000 -> "a character device";
            case 0x4000 -> "a directory";
            case 0x6000 -> "a block device";
            case 0x8000 -> "a regular file";
            case 0xA000 -> "a symbolic link";
            case 0xC000 -> "a socket";
            default -> "of an unknown type";
        };
    }
}
