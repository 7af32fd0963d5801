package io.cowshed.engine.block;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Random access to the bytes that an image lies in: the only thing the engine does I/O on. Positions and lengths are in
 * bytes. Reading and writing at different positions is safe from several threads at once.
 */
public interface BlockFile extends AutoCloseable {

    /** Bytes that {@link #copyTo} takes into memory at a time where it must. */
    int COPY_PIECE = 1 << 20;

    /** What to call this file in messages; not a path to be opened again. */
    String name();

    /** What tells this file from every other, however it was reached: equal for two openings of one file. */
    Object key();

    /** The present length of the file, in bytes. */
    long size() throws IOException;

    /**
     * Bytes of storage that the file takes up, as {@code st_blocks} counts them. Where that cannot be asked: the bytes that
     * are not in holes, which leaves out space that is reserved but not written.
     */
    default long allocatedSize() throws IOException {
        long size = size();
        long allocated = 0;
        for (long data = nextData(0); data < size; ) {
            long hole = Math.min(size, Math.max(data + 1, nextHole(data)));
            allocated += hole - data;
            data = hole < size ? nextData(hole) : size;
        }
        return allocated;
    }

    /**
     * Reads from {@code position} until {@code target} is full or the file ends.
     *
     * @return how many bytes were read: fewer than {@code target.remaining()} only at the end of the file, 0 past it
     */
    int read(long position, ByteBuffer target) throws IOException;

    /** Writes all that remains in {@code source} at {@code position}, growing the file where needed. */
    void write(long position, ByteBuffer source) throws IOException;

    /**
     * Copies up to {@code length} bytes from {@code position} on to another file, without taking them into memory where the
     * kernel can copy from the one to the other. That is one long call, which holds on to the carrier of a virtual thread: call
     * it in a platform thread, and for no more than a few megabytes if an interrupt is to be heeded.
     *
     * @return how many bytes were copied: fewer than {@code length} only at the end of this file, 0 past it
     */
    default long copyTo(long position, long length, BlockFile target, long targetPosition) throws IOException {
        ByteBuffer piece = ByteBuffer.allocateDirect((int) Math.min(length, COPY_PIECE));
        long done = 0;
        while (done < length) {
            int count = read(position + done, piece.clear().limit((int) Math.min(piece.capacity(), length - done)));
            if (count == 0) {
                break;
            }
            target.write(targetPosition + done, piece.flip());
            done += count;
        }
        return done;
    }

    /** The file that this one stands before, where it only adds something to what another does; else this one. */
    default BlockFile itself() {
        return this;
    }

    /** Sets the length of the file: bytes past it are lost, and a longer file reads as zeros where it grew. */
    void setSize(long size) throws IOException;

    /**
     * Gives the space of a range back, which reads as zeros then; the length of the file stays. A file system that cannot do
     * that leaves the file as it is: whoever needs zeros writes them.
     *
     * @param length in bytes, at least 1
     */
    void punchHole(long position, long length) throws IOException;

    /** Returns when everything written so far, and what is needed to find it again, is on stable storage. */
    void flush() throws IOException;

    /**
     * The first position at or after {@code position} that may hold something other than a hole, or {@link #size()} when
     * there is none. A file system that knows no holes answers {@code position} itself.
     */
    long nextData(long position) throws IOException;

    /** The first position at or after {@code position} that lies in a hole (the end of the file counts as one). */
    long nextHole(long position) throws IOException;

    @Override
    void close() throws IOException;
}
