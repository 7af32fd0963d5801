package io.cowshed.ci.web;

import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.function.LongSupplier;

/** A body that is to be here in time, however little of it comes at once: the container only bounds the wait for the next byte. */
final class TimelyBody extends ServletInputStream {

    private final ServletInputStream in;
    private final LongSupplier nanos;
    private final long deadline;

    /** @param nanos as {@link System#nanoTime} */
    TimelyBody(ServletInputStream in, LongSupplier nanos, Duration longest) {
        this.in = in;
        this.nanos = nanos;
        this.deadline = nanos.getAsLong() + longest.toNanos();
    }

    @Override
    public int read() throws IOException {
        requireTime();
        return in.read();
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        requireTime();
        return in.read(target, offset, length);
    }

    private void requireTime() throws IOException {
        if (nanos.getAsLong() - deadline > 0) {
            throw new IOException("the body comes in too slowly");
        }
    }

    @Override
    public boolean isFinished() {
        return in.isFinished();
    }

    @Override
    public boolean isReady() {
        return in.isReady();
    }

    @Override
    public void setReadListener(ReadListener listener) {
        in.setReadListener(listener);
    }
}
