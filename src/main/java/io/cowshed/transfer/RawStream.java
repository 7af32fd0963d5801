package io.cowshed.transfer;

import java.io.IOException;
import java.io.OutputStream;

/** Sends a disk's bytes as they are. */
final class RawStream extends DiskStream {

    RawStream(OutputStream target) {
        super(target);
    }

    @Override
    void zeros(int count) throws IOException {
        target.write(ZEROS, 0, count);
    }

    @Override
    void data(byte[] piece, int count) throws IOException {
        target.write(piece, 0, count);
    }
}
