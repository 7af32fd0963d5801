package io.cowshed.engine.block;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

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
     * Copies {@code length} of the guest's bytes from {@code offset} on to a file, within the kernel where they lie in a file as
     * they are: as {@link BlockFile#copyTo}, with which it shares what is said of threads. What is known to be zero may be left
     * out: the target must read as zeros there.
     *
     * @throws IndexOutOfBoundsException when the range does not lie within the disk
     */
    default void copyTo(long offset, long length, BlockFile target, long targetPosition) throws IOException {
        Objects.checkFromIndexSize(offset, length, virtualSize());
        ByteBuffer piece = ByteBuffer.allocateDirect((int) Math.min(length, BlockFile.COPY_PIECE));
        for (long done = 0; done < length; done += piece.limit()) {
            read(offset + done, piece.clear().limit((int) Math.min(piece.capacity(), length - done)));
            target.write(targetPosition + done, piece.flip());
        }
    }

    /**
     * What tells the file that lies {@code depth} backing files down, as in {@link Extent#depth()}, from every other: its {@link
     * BlockFile#key()}. Null where that is not known.
     */
    default @Nullable Object fileKey(int depth) {
        return null;
    }

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
