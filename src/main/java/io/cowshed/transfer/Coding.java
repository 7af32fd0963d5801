package io.cowshed.transfer;

import com.github.luben.zstd.ZstdInputStream;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.tukaani.xz.XZInputStream;

/** The content codings (RFC 9110, section 8.4.1; {@code zstd} by RFC 9659) that a disk may arrive in. */
enum Coding {
    IDENTITY {
        @Override
        InputStream decode(InputStream body) {
            return body;
        }
    },
    GZIP {
        @Override
        InputStream decode(InputStream body) throws IOException {
            return GzipStream.over(body);
        }
    },
    ZSTD {
        @Override
        InputStream decode(InputStream body) throws IOException {
            return new ZstdInputStream(body).setLongMax(ZSTD_WINDOW_LOG);
        }
    },
    XZ {
        @Override
        InputStream decode(InputStream body) throws IOException {
            return new XZInputStream(new BufferedInputStream(body, BUFFER), XZ_MEMORY_KIB);
        }
    };

    private static final int BUFFER = 64 << 10;

    /** 8 MiB, the most that RFC 9659, section 3, allows: what {@code zstd} takes without --ultra and --long. */
    private static final int ZSTD_WINDOW_LOG = 23;

    /** Enough for {@code xz -9}, whose dictionary is 64 MiB long. */
    static final int XZ_MEMORY_KIB = 66 << 10;

    /** Undoes the coding. Bytes that are not of it, or end too early, make the stream's {@code read} fail. */
    abstract InputStream decode(InputStream body) throws IOException;

    /**
     * The coding that a {@code Content-Encoding} header names.
     *
     * @throws CowshedException {@link ProblemType#UNSUPPORTED_MEDIA_TYPE} for any other, and for several at once
     */
    static Coding of(@Nullable String contentEncoding) {
        return switch (contentEncoding == null
                ? "identity"
                : contentEncoding.strip().toLowerCase(Locale.ROOT)) {
            case "identity" -> IDENTITY;
            case "gzip", "x-gzip" -> GZIP;
            case "zstd" -> ZSTD;
            case "xz" -> XZ;
            default ->
                throw new CowshedException(
                        ProblemType.UNSUPPORTED_MEDIA_TYPE,
                        "A body cannot be decoded from the Content-Encoding it came with.",
                        "Send it as it is, or with Content-Encoding gzip, zstd or xz.");
        };
    }
}
