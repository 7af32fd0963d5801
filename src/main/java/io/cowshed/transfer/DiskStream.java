package io.cowshed.transfer;

import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.Extent;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/**
 * Sends what a guest would read, piece by piece. What is known to be zero is sent without being read. For one thread.
 */
public abstract sealed class DiskStream implements AutoCloseable permits RawStream, ZstdStream {

    /** The longest piece in bytes: it and what it is coded in are all that a download keeps in memory. */
    static final int PIECE = 1 << 20;

    static final byte[] ZEROS = new byte[PIECE];

    final OutputStream target;

    /** Closing this leaves {@code target} open. */
    DiskStream(OutputStream target) {
        this.target = target;
    }

    /** Sends the bytes of {@code disk} from {@code start} up to {@code end}. */
    public final void send(DiskImage disk, long start, long end) throws IOException {
        byte[] piece = new byte[(int) Math.min(PIECE, end - start)];
        long position = start;
        if (start == end) {
            // Not even a coding of nothing is without bytes.
            data(piece, 0);
        }
        while (position < end) {
            Extent extent = disk.extentAt(position, end - position);
            while (position < extent.end()) {
                int count = (int) Math.min(PIECE, extent.end() - position);
                if (extent.zero()) {
                    zeros(count);
                } else {
                    disk.read(position, ByteBuffer.wrap(piece, 0, count));
                    data(piece, count);
                }
                position += count;
            }
        }
    }

    /** Sends {@code count} zeros, from 1 to {@link #PIECE}. */
    abstract void zeros(int count) throws IOException;

    /** Sends the first {@code count} bytes of {@code piece}, from none to {@link #PIECE}. */
    abstract void data(byte[] piece, int count) throws IOException;

    @Override
    public void close() {}
}
