package io.cowshed.engine.block;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A disk as a guest sees it: {@link #virtualSize()} bytes, read at any offset, whatever the format and the backing chain
 * below. Safe for reading from several threads at once.
 */
public interface DiskImage extends AutoCloseable {

    /** The length of the disk in bytes, which need not be a multiple of anything. */
    long virtualSize();

    /**
     * Fills what remains of {@code target} with the guest's bytes from {@code offset} on.
     *
     * @throws IndexOutOfBoundsException when the range does not lie within the disk
     * @throws ImageException when the metadata or a compressed cluster on the way is damaged
     */
    void read(long offset, ByteBuffer target) throws IOException;

    /**
     * What lies at {@code offset}: an extent that starts there, is of one kind throughout, and is between 1 and
     * {@code maxLength} bytes long. Neighbouring extents may be of the same kind; {@link Extents} joins them.
     *
     * @throws IndexOutOfBoundsException when {@code offset} does not lie within the disk, or {@code maxLength} is not positive
     */
    Extent extentAt(long offset, long maxLength) throws IOException;

    /** Closes this image and every backing image below it. */
    @Override
    void close() throws IOException;
}
