package io.cowshed.transfer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.github.luben.zstd.ZstdOutputStream;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.SequenceInputStream;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

class IncomingBodyTests {

    private static final byte[] DISK = disk();

    @ParameterizedTest
    @EnumSource(Coding.class)
    void decodesWhatTheCodingEncoded(Coding coding) throws IOException {
        assertThat(readAll(body(encoded(coding, DISK), coding, null))).isEqualTo(DISK);
    }

    @ParameterizedTest
    @EnumSource(Coding.class)
    void decodesTwoStreamsOneAfterTheOther(Coding coding) throws IOException {
        byte[] half = encoded(coding, DISK);
        ByteArrayOutputStream both = new ByteArrayOutputStream();
        both.write(half);
        both.write(half);
        assertThat(readAll(body(both.toByteArray(), coding, null))).hasSize(2 * DISK.length);
    }

    @ParameterizedTest
    @EnumSource(value = Coding.class, mode = EnumSource.Mode.EXCLUDE, names = "IDENTITY")
    void refusesACompressedStreamCutOffAnywhere(Coding coding) throws IOException {
        byte[] whole = encoded(coding, DISK);
        for (int length = 1; length < whole.length; length += 1 + whole.length / 50) {
            byte[] cut = Arrays.copyOf(whole, length);
            refuses(ProblemType.MALFORMED_BODY, () -> readAll(body(cut, coding, null)));
        }
    }

    @ParameterizedTest
    @EnumSource(value = Coding.class, mode = EnumSource.Mode.EXCLUDE, names = "IDENTITY")
    void refusesBytesThatAreNotOfTheCoding(Coding coding) {
        refuses(ProblemType.MALFORMED_BODY, () -> readAll(body("no such thing".getBytes(UTF_8), coding, null)));
    }

    @Test
    void refusesAZstdWindowThatFillsTheMemory() throws IOException {
        for (int log = 22; log <= 27; log++) {
            ByteArrayOutputStream packed = new ByteArrayOutputStream();
            try (ZstdOutputStream zstd = new ZstdOutputStream(packed)) {
                zstd.setLong(log);
                zstd.write(DISK);
            }
            byte[] sent = packed.toByteArray();
            if (log <= 23) {
                assertThat(readAll(body(sent, Coding.ZSTD, null))).isEqualTo(DISK);
            } else {
                refuses(ProblemType.UNSUPPORTED_MEDIA_TYPE, () -> readAll(body(sent, Coding.ZSTD, null)));
            }
        }
    }

    @Test
    void readsAGzipMemberWithAName() throws IOException {
        assertThat(readAll(body(named(encoded(Coding.GZIP, DISK), 1000), Coding.GZIP, null)))
                .isEqualTo(DISK);
    }

    @Test
    void refusesAGzipNameThatFillsTheMemory() throws IOException {
        byte[] member = encoded(Coding.GZIP, DISK);
        byte[] first = named(member, 2 << 20);
        refuses(ProblemType.MALFORMED_BODY, () -> readAll(body(first, Coding.GZIP, null)));

        ByteArrayOutputStream second = new ByteArrayOutputStream();
        second.write(member);
        second.write(first);
        refuses(ProblemType.MALFORMED_BODY, () -> readAll(body(second.toByteArray(), Coding.GZIP, null)));
    }

    /** The member with a file name of that length in its header (RFC 1952, section 2.3). */
    private static byte[] named(byte[] member, int length) {
        byte[] named = new byte[member.length + length + 1];
        System.arraycopy(member, 0, named, 0, 10);
        named[3] |= 8;
        Arrays.fill(named, 10, 10 + length, (byte) 'A');
        System.arraycopy(member, 10, named, 10 + length + 1, member.length - 10);
        return named;
    }

    @ParameterizedTest
    @EnumSource(value = Coding.class, mode = EnumSource.Mode.EXCLUDE, names = "IDENTITY")
    void refusesGarbageAfterTheEnd(Coding coding) throws IOException {
        byte[] whole = encoded(coding, DISK);
        byte[] longer = Arrays.copyOf(whole, whole.length + 100);
        Arrays.fill(longer, whole.length, longer.length, (byte) 0x55);
        refuses(ProblemType.MALFORMED_BODY, () -> readAll(body(longer, coding, null)));
    }

    @Test
    void checksTheAnnouncedSha256OfTheBytesAsReceived() throws Exception {
        byte[] sent = encoded(Coding.GZIP, DISK);
        String right =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(sent));
        assertThat(readAll(body(sent, Coding.GZIP, right.toUpperCase(Locale.ROOT))))
                .isEqualTo(DISK);
        refuses(ProblemType.CHECKSUM_MISMATCH, () -> readAll(body(sent, Coding.GZIP, "0".repeat(64))));
    }

    @ParameterizedTest
    @EnumSource(Coding.class)
    void stopsAtTheLimitWithoutReadingOn(Coding coding) throws IOException {
        IncomingBody bomb = new IncomingBody(
                new SequenceInputStream(
                        new ByteArrayInputStream(encoded(coding, DISK)),
                        new Breaking(new EOFException("read further than was needed"))),
                coding,
                DISK.length / 2,
                null);
        refuses(ProblemType.TOO_LARGE, () -> {
            byte[] buffer = new byte[4096];
            while (bomb.read(buffer, 0, buffer.length) > 0) {
                assertThat(bomb.length()).isLessThanOrEqualTo(DISK.length / 2);
            }
        });
    }

    @Test
    void tellsABrokenConnectionFromBrokenBytes() {
        InputStream breaking = new SequenceInputStream(
                new ByteArrayInputStream(new byte[100]), new Breaking(new EOFException("connection reset")));
        refuses(
                ProblemType.BODY_INCOMPLETE,
                () -> readAll(new IncomingBody(breaking, Coding.IDENTITY, Long.MAX_VALUE, null)));
    }

    @Test
    void knowsNoOtherCodings() {
        assertThat(Coding.of(null)).isEqualTo(Coding.IDENTITY);
        assertThat(Coding.of(" GZip ")).isEqualTo(Coding.GZIP);
        refuses(ProblemType.UNSUPPORTED_MEDIA_TYPE, () -> Coding.of("br"));
        refuses(ProblemType.UNSUPPORTED_MEDIA_TYPE, () -> Coding.of("gzip, zstd"));
    }

    private static IncomingBody body(byte[] bytes, Coding coding, @Nullable String sha256) {
        return new IncomingBody(new ByteArrayInputStream(bytes), coding, Long.MAX_VALUE, sha256);
    }

    private static byte[] readAll(IncomingBody body) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        byte[] buffer = new byte[10_000];
        int count;
        while ((count = body.read(buffer, 0, buffer.length)) > 0) {
            all.write(buffer, 0, count);
        }
        body.verify();
        return all.toByteArray();
    }

    private static byte[] encoded(Coding coding, byte[] plain) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (OutputStream encoder = switch (coding) {
            case IDENTITY -> bytes;
            case GZIP -> new GZIPOutputStream(bytes);
            case ZSTD -> new ZstdOutputStream(bytes).setChecksum(true);
            case XZ -> new XZOutputStream(bytes, new LZMA2Options(1));
        }) {
            encoder.write(plain);
        }
        return bytes.toByteArray();
    }

    private static byte[] disk() {
        byte[] disk = new byte[300_000];
        byte[] noise = new byte[30_000];
        new Random(1).nextBytes(noise);
        System.arraycopy(noise, 0, disk, 50_000, noise.length);
        return disk;
    }

    private static void refuses(ProblemType type, ThrowingCallable call) {
        assertThatExceptionOfType(CowshedException.class)
                .isThrownBy(call)
                .satisfies(refusal -> assertThat(refusal.type()).isEqualTo(type));
    }

    private static final class Breaking extends InputStream {

        private final IOException failure;

        Breaking(IOException failure) {
            this.failure = failure;
        }

        @Override
        public int read() throws IOException {
            throw failure;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            throw failure;
        }
    }
}
