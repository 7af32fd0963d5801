package io.cowshed.transfer;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdIOException;
import io.cowshed.problem.BodyBrokeOff;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a disk as they come in: received, counted, checked against an announced SHA-256, decoded, and held to a
 * limit. Every way in which a client can be at fault is a {@link CowshedException}, so that an {@link IOException} from
 * the writing side is never taken for one.
 */
final class IncomingBody implements AutoCloseable {

    private final Received received;
    private final InputStream decoded;
    private final long limit;
    private final @Nullable String announcedSha256;
    private long length;

    /**
     * @param limit how many decoded bytes are taken at most
     * @param announcedSha256 the SHA-256 of the bytes as received, 64 hexadecimal digits, or null where none is announced
     */
    IncomingBody(InputStream body, Coding coding, long limit, @Nullable String announcedSha256) {
        this.received = new Received(body, announcedSha256 == null ? null : sha256());
        this.limit = limit;
        this.announcedSha256 = announcedSha256;
        try {
            this.decoded = coding.decode(received);
        } catch (IOException e) {
            throw undecodable(e);
        }
    }

    /**
     * Fills {@code target} from {@code offset} on, as far as the body goes.
     *
     * @return how many bytes were put there: less than fits only at the end of the body, 0 after it
     */
    int read(byte[] target, int offset, int space) {
        int count;
        try {
            count = decoded.readNBytes(target, offset, space);
        } catch (IOException e) {
            throw undecodable(e);
        }
        length += count;
        if (length > limit) {
            throw new CowshedException(
                    ProblemType.TOO_LARGE,
                    "The disk is longer than the " + limit + " bytes that are allowed here.",
                    "An administrator can raise cowshed.max-virtual-size.");
        }
        return count;
    }

    /** How many decoded bytes were read so far. */
    long length() {
        return length;
    }

    /**
     * To be called at the end of the body, before anything is made of it.
     *
     * @throws CowshedException when more bytes follow, or the bytes received are not those announced
     */
    void verify() {
        if (received.read() >= 0) {
            throw undecodable(new IOException("bytes follow the end of the compressed stream"));
        }
        String sha256 = received.sha256();
        if (announcedSha256 != null && !announcedSha256.equalsIgnoreCase(sha256)) {
            throw new CowshedException(
                    ProblemType.CHECKSUM_MISMATCH,
                    "The bytes received have the SHA-256 " + sha256 + ", not the announced one.",
                    "Send the file again; if this repeats, compute its sha256 anew (of the bytes as sent, compressed or not).");
        }
    }

    @Override
    public void close() {
        try {
            decoded.close();
        } catch (IOException e) {
            throw undecodable(e);
        }
    }

    private static CowshedException undecodable(IOException failure) {
        if (failure instanceof ZstdIOException zstd && zstd.getErrorCode() == Zstd.errFrameParameterWindowTooLarge()) {
            return new CowshedException(
                    ProblemType.UNSUPPORTED_MEDIA_TYPE,
                    "The body's zstd window is longer than the 8 MiB that RFC 9659 allows.",
                    "Compress it without --ultra and --long, or with --long=23.",
                    failure);
        }
        return new CowshedException(
                ProblemType.MALFORMED_BODY,
                "The body is not what its Content-Encoding says, or it is cut off"
                        + (failure.getMessage() == null ? "" : ": " + failure.getMessage()) + ".",
                "Check the file with gzip -t, zstd -t or xz -t, and send it again.",
                failure);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** The bytes as they arrive. Nothing that fails here is the decoder's fault: the connection broke. */
    private static final class Received extends FilterInputStream {

        private final @Nullable MessageDigest digest;

        Received(InputStream body, @Nullable MessageDigest digest) {
            super(body);
            this.digest = digest;
        }

        @Override
        public int read() {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] target, int offset, int space) {
            int count;
            try {
                count = in.read(target, offset, space);
            } catch (IOException e) {
                throw new BodyBrokeOff(e);
            }
            if (count > 0 && digest != null) {
                digest.update(target, offset, count);
            }
            return count;
        }

        @Nullable
        String sha256() {
            return digest == null ? null : HexFormat.of().formatHex(digest.digest());
        }

        @Override
        public void close() {
            // The container's stream: it closes it.
        }
    }
}
