package io.cowshed.engine.qcow2.format;

import org.jspecify.annotations.Nullable;

/** How compressed clusters are compressed (header, {@code compression_type}). */
public enum CompressionType {
    /** Raw deflate with a 12-bit window. */
    ZLIB(0),
    /** One zstd frame. */
    ZSTD(1);

    private final int code;

    CompressionType(int code) {
        this.code = code;
    }

    /** The value of the header's field. */
    public int code() {
        return code;
    }

    static @Nullable CompressionType of(int code) {
        return switch (code) {
            case 0 -> ZLIB;
            case 1 -> ZSTD;
            default -> null;
        };
    }
}
