package io.cowshed.engine.qcow2;

import io.cowshed.engine.block.DiskImage;
import io.cowshed.engine.block.Zeros;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A disk that goes on in zeros past its end, as its last cluster does. */
record PaddedDisk(DiskImage image) {

    /** Fills what remains of {@code target} with the bytes from {@code offset} on. */
    void read(long offset, ByteBuffer target) throws IOException {
        int limit = target.limit();
        int own = Math.clamp(image.virtualSize() - offset, 0, target.remaining());
        if (own > 0) {
            image.read(offset, target.limit(target.position() + own));
        }
        Zeros.fill(target.limit(limit));
    }
}
