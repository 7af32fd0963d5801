package io.cowshed.transfer;

import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.Extent;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;

/** Sends what a guest would read. What is known to be zero is sent without being read. */
public final class RawStream {

    private static final int PIECE = 1 << 20;
    private static final byte[] ZEROS = new byte[PIECE];

    private RawStream() {}

    /** Writes the bytes of {@code disk} from {@code start} up to {@code end}. */
    public static void send(DiskImage disk, long start, long end, OutputStream target) throws IOException {
        byte[] piece = new byte[(int) Math.min(PIECE, end - start)];
        long position = start;
        while (position < end) {
            Extent extent = disk.extentAt(position, end - position);
            while (position < extent.end()) {
                int count = (int) Math.min(PIECE, extent.end() - position);
                if (extent.zero()) {
                    target.write(ZEROS, 0, count);
                } else {
                    disk.read(position, ByteBuffer.wrap(piece, 0, count));
                    target.write(piece, 0, count);
                }
                position += count;
            }
        }
    }
}
