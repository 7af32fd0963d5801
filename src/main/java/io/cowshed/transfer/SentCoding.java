package io.cowshed.transfer;

import java.io.OutputStream;

/** The content codings (RFC 9110, section 8.4.1; {@code zstd} by RFC 9659) that a disk is sent in. */
public enum SentCoding {
    IDENTITY,
    ZSTD;

    /** What sends a disk in this coding; it has native memory and is to be closed. */
    public DiskStream to(OutputStream target) {
        return switch (this) {
            case IDENTITY -> new RawStream(target);
            case ZSTD -> new ZstdStream(target);
        };
    }
}
