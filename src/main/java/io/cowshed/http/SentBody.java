package io.cowshed.http;

import jakarta.servlet.http.HttpServletRequest;
import java.io.FilterInputStream;
import java.io.IOException;
import java.time.Duration;

/**
 * The body of an upload, which its sender may go on sending after we have refused it. Most senders read no answer before
 * they are done, and lose it when the connection is reset under them; so what they still send is read and thrown away,
 * within bounds. Only callers with a token get that far.
 */
public final class SentBody extends FilterInputStream {

    private static final long MOST_BYTES = 4L << 30;
    private static final Duration LONGEST = Duration.ofSeconds(60);
    private static final int PIECE = 64 << 10;

    /** Whether the sender waits to be told to go on (RFC 9110, section 10.1.1), which the first read does. */
    private final boolean waits;

    private boolean started;

    /** The body of {@code request}, to be read through this alone. */
    public SentBody(HttpServletRequest request) throws IOException {
        super(request.getInputStream());
        this.waits = request.getHeader("Expect") != null;
    }

    @Override
    public int read() throws IOException {
        started = true;
        return in.read();
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        started = true;
        return in.read(target, offset, length);
    }

    /** Reads what is left, unless nothing of it has been sent yet. */
    public void discardRest() {
        if (waits && !started) {
            return;
        }
        long deadline = System.nanoTime() + LONGEST.toNanos();
        byte[] piece = new byte[PIECE];
        try {
            for (long left = MOST_BYTES; left > 0 && System.nanoTime() < deadline; ) {
                int count = in.read(piece);
                if (count < 0) {
                    return;
                }
                left -= count;
            }
        } catch (IOException e) {
            // The sender has gone: nobody is left to lose the answer.
        }
    }
}
