package io.cowshed.engine.block;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A disk that is written to as a guest writes to it. A change is read back as soon as its call has returned, and is on
 * stable storage when a later {@link #flush()} or {@link #close()} has returned. After a crash before that, each sector of
 * 512 bytes that the changes touched holds what it held at the last flush, or what one of the changes since put there; all
 * other bytes of the disk are as they were. Space may have leaked, nothing else is wrong with the image.
 *
 * <p>One thread at a time writes; others may read beside it.
 *
 * <p>Where writing the guest's bytes fails, the call fails and those sectors may be old or new, and the image goes on.
 * Where a flush or a write of metadata fails, nobody can tell what is on the disk: every later call fails with an {@link
 * IOException} that says so, and the image must be opened again. Nothing is tried a second time.
 */
public interface WritableDiskImage extends DiskImage {

    /**
     * Writes what remains of {@code source} to the disk from {@code offset} on.
     *
     * @throws IndexOutOfBoundsException when the range does not lie within the disk
     * @throws ImageException when metadata on the way is damaged, or the write would hit metadata
     */
    void write(long offset, ByteBuffer source) throws IOException;

    /**
     * Makes a range read as zeros, whatever the backing image holds there, without storing zeros where the format can say
     * so; the space is given back.
     *
     * @param length in bytes, 0 or more
     * @throws IndexOutOfBoundsException when the range does not lie within the disk
     */
    void writeZeros(long offset, long length) throws IOException;

    /**
     * Tells that what a range holds is needed no more. The parts of it whose space can be given back read as zeros then,
     * never as what the backing image holds; the others keep their content.
     *
     * @param length in bytes, 0 or more
     * @throws IndexOutOfBoundsException when the range does not lie within the disk
     */
    void discard(long offset, long length) throws IOException;

    /** Returns when all changes so far are on stable storage. */
    void flush() throws IOException;

    /**
     * Makes the disk longer or shorter, durably, flushing all changes on the way. What is added reads as zeros. After a crash
     * the disk has the old size or the new one.
     *
     * @param virtualSize bytes of the disk, a multiple of 512
     * @throws IllegalArgumentException when it is negative or no multiple of 512
     * @throws UnsupportedImageException when the image holds something that does not let itself be resized; nothing is
     *     written then
     */
    void resize(long virtualSize) throws IOException;

    /** Makes all changes durable, and closes this image and every backing image below it. A second call does nothing. */
    @Override
    void close() throws IOException;
}
