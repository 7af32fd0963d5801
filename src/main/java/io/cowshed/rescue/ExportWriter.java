package io.cowshed.rescue;

import com.github.luben.zstd.ZstdOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import tools.jackson.databind.json.JsonMapper;

/** Writes the lines of an export, compressed with zstd: what was written before {@link #end()} is told from a whole one. */
final class ExportWriter implements AutoCloseable {

    /** A few times faster than the storage that it goes to. */
    private static final int LEVEL = 3;

    private final OutputStream out;
    private final JsonMapper json;
    private final MessageDigest digest = sha256();
    private long lines;

    ExportWriter(OutputStream out, JsonMapper json) throws IOException {
        this.out = new ZstdOutputStream(out, LEVEL).setChecksum(true);
        this.json = json;
    }

    void write(ExportLine line) throws IOException {
        byte[] bytes = bytes(line);
        digest.update(bytes);
        out.write(bytes);
        lines++;
    }

    void end() throws IOException {
        String sum = HexFormat.of().formatHex(digest.digest());
        out.write(bytes(ExportLine.of(new ExportLine.End(lines, sum))));
    }

    private byte[] bytes(ExportLine line) {
        byte[] text = json.writeValueAsBytes(line);
        byte[] bytes = new byte[text.length + 1];
        System.arraycopy(text, 0, bytes, 0, text.length);
        bytes[text.length] = '\n';
        return bytes;
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}
