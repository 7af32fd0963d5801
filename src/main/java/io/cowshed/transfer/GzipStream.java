package io.cowshed.transfer;

import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;

/**
 * Undoes gzip, one member after the other. The decoder keeps the name and the comment in the header of each member, however
 * long they are; so what it may take in for what it gives out is bounded.
 */
final class GzipStream extends FilterInputStream {

    /** In bytes: of input at a time, and of output of one read. */
    private static final int BUFFER = 64 << 10;

    /** In bytes: many times what {@link #BUFFER} bytes of output can need, and any name that a file has. */
    private static final int MOST_INPUT = 1 << 20;

    private final Ration ration;

    private GzipStream(InputStream decoder, Ration ration) {
        super(decoder);
        this.ration = ration;
    }

    /** Reads the first header. */
    static GzipStream over(InputStream body) throws IOException {
        Ration ration = new Ration(new BufferedInputStream(body, BUFFER));
        return new GzipStream(
                GzipCompressorInputStream.builder()
                        .setInputStream(ration)
                        .setDecompressConcatenated(true)
                        .get(),
                ration);
    }

    @Override
    public int read() throws IOException {
        ration.renew();
        return in.read();
    }

    @Override
    public int read(byte[] target, int offset, int space) throws IOException {
        ration.renew();
        return in.read(target, offset, Math.min(space, BUFFER));
    }

    /** Input that fails when too much is taken of it at once. */
    private static final class Ration extends FilterInputStream {

        private long left = MOST_INPUT;

        Ration(InputStream body) {
            super(body);
        }

        void renew() {
            left = MOST_INPUT;
        }

        @Override
        public int read() throws IOException {
            take(1);
            return in.read();
        }

        @Override
        public int read(byte[] target, int offset, int space) throws IOException {
            int count = in.read(target, offset, space);
            take(Math.max(count, 0));
            return count;
        }

        private void take(int count) throws IOException {
            left -= count;
            if (left < 0) {
                throw new IOException("too much of it holds no data");
            }
        }
    }
}
