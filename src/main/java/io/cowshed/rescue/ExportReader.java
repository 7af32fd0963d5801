package io.cowshed.rescue;

import com.github.luben.zstd.ZstdInputStream;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads the lines of an export, one at a time. Whether it is whole is known once the last was read: who needs that before goes
 * through it twice.
 */
final class ExportReader implements AutoCloseable {

    /** Of one line, in bytes: an image with all the labels that it may have takes a tenth of it. */
    private static final int LONGEST_LINE = 1 << 18;

    private final InputStream in;
    private final JsonMapper json;
    private final ExportHeader header;
    private final MessageDigest digest = ExportWriter.sha256();
    private long lines;

    /** @throws DamagedExport when it does not begin with a header of a format that is known */
    ExportReader(InputStream in, JsonMapper json) throws IOException {
        this.in = new BufferedInputStream(new ZstdInputStream(in));
        this.json = json;
        ExportLine first = next();
        if (first == null || first.header() == null) {
            throw new DamagedExport("it has no header");
        }
        this.header = first.header();
        if (header.format() != ExportHeader.FORMAT) {
            throw new DamagedExport(
                    "its format is " + header.format() + ", and this build reads " + ExportHeader.FORMAT);
        }
    }

    ExportHeader header() {
        return header;
    }

    /**
     * The next line.
     *
     * @return null after the last, when the export is whole
     * @throws DamagedExport when it is not
     */
    @Nullable
    ExportLine next() throws IOException {
        byte[] bytes = readLine();
        ExportLine line = parse(bytes);
        if (line.end() == null) {
            digest.update(bytes);
            lines++;
            return line;
        }
        String sum = HexFormat.of().formatHex(digest.digest());
        if (line.end().lines() != lines || !line.end().sha256().equals(sum) || in.read() >= 0) {
            throw new DamagedExport("its end does not belong to what comes before it");
        }
        return null;
    }

    /** Reads all the rest. */
    void verify() throws IOException {
        while (next() != null) {}
    }

    private ExportLine parse(byte[] bytes) throws DamagedExport {
        try {
            return json.readValue(bytes, ExportLine.class);
        } catch (JacksonException e) {
            throw new DamagedExport("line " + (lines + 1) + " cannot be read", e);
        }
    }

    private byte[] readLine() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        int b;
        do {
            b = in.read();
            if (b < 0 || line.size() == LONGEST_LINE) {
                throw new DamagedExport(b < 0 ? "it is cut off" : "line " + (lines + 1) + " is too long");
            }
            line.write(b);
        } while (b != '\n');
        return line.toByteArray();
    }

    /** An export that is not what was written. */
    static final class DamagedExport extends IOException {

        DamagedExport(String message) {
            super(message);
        }

        DamagedExport(String message, Throwable cause) {
            super(message, cause);
        }
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
