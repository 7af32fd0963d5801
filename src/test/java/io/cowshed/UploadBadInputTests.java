package io.cowshed;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.github.luben.zstd.ZstdOutputStream;
import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.oracle.QemuIo;
import io.cowshed.testing.ApiClient.Answer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

/** Disks that are damaged, cut off, too large, or lie; against a service that takes disks of up to 64 MiB. */
class UploadBadInputTests extends BadInputTests {

    private static final String RAW = "application/octet-stream";
    private static final String QCOW2 = "application/x-qcow2";
    private static final int CLUSTER = 4096;
    private static final int DISK = 3 << 20;
    private static final long LIMIT = 64 << 20;
    private static final long OFFSET_MASK = 0x00ff_ffff_ffff_fe00L;
    private static final long COPIED = 1L << 63;

    private byte[] good = NOTHING;

    /** A change to a good image that makes it a bad one, and what it is refused as. */
    record Lie(String about, int status, String problem, Consumer<ByteBuffer> change) {
        @Override
        public String toString() {
            return about;
        }
    }

    @Override
    protected String[] properties() {
        return new String[] {"cowshed.max-virtual-size=64MB"};
    }

    @BeforeAll
    void makeAGoodImage(@TempDir Path directory) throws IOException {
        Path path = directory.resolve("good.qcow2");
        String image = path.toString();
        QemuImg.run("create", "-q", "-f", "qcow2", "-o", "cluster_size=4k", image, Integer.toString(DISK));
        QemuIo.run(path, "qcow2", List.of("write -q -P 1 0 100k", "write -q -c -P 2 1M 16k", "write -q -z 512k 64k"));
        QemuImg.run("snapshot", "-c", "before", image);
        QemuImg.run("bitmap", "--add", "--enable", "-g", "4k", image, "changes");
        QemuIo.run(path, "qcow2", List.of("write -q -P 3 8k 40k", "write -q -P 4 2500k 100k"));
        good = Files.readAllBytes(path);
    }

    private Answer upload(String name, String type, byte[] body, String... headers) {
        return api.upload("images?name=" + name, type, body, headers);
    }

    private void refusesQcow2(int status, String problem, byte[] image) {
        String name = freshName();
        refuses(status, problem, name, () -> upload(name, QCOW2, image));
    }

    @Test
    void theGoodImageIsTakenIn() {
        String name = freshName();
        assertThat(upload(name, QCOW2, good).status()).isEqualTo(201);
        assertThat(Arrays.copyOf(content(name), CLUSTER)).containsOnly(1);
        remove(name);
    }

    private byte[] content(String name) {
        return api.get("images/" + name + "/content").bytes();
    }

    private void remove(String name) {
        assertThat(api.delete("images/" + name + "?purge=true").status()).isEqualTo(204);
    }

    private static Lie damaged(String about, Consumer<ByteBuffer> change) {
        return new Lie(about, 422, "invalid-image", change);
    }

    private static Lie unsupported(String about, Consumer<ByteBuffer> change) {
        return new Lie(about, 422, "unsupported-image", change);
    }

    static Stream<Lie> lies() {
        return Stream.of(featureLies(), sizeLies(), tableLies()).flatMap(lies -> lies);
    }

    private static Stream<Lie> featureLies() {
        return Stream.of(
                unsupported("external data file", b -> b.putLong(72, 1 << 2)),
                unsupported(
                        "external data file with its name",
                        b -> extension(b.putLong(72, 1 << 2), 0x44415441, "/etc/passwd")),
                unsupported("external raw data file", b -> b.putLong(72, 1 << 2).putLong(88, 2)),
                unsupported("incompatible bit 5", b -> b.putLong(72, 1 << 5)),
                unsupported("incompatible bit 63", b -> b.putLong(72, 1L << 63)),
                damaged("corrupt bit", b -> b.putLong(72, 2)),
                unsupported("AES", b -> b.putInt(32, 1)),
                unsupported("LUKS", b -> b.putInt(32, 2)),
                unsupported("cluster_bits 0", b -> b.putInt(20, 0)),
                unsupported("cluster_bits 8", b -> b.putInt(20, 8)),
                unsupported("cluster_bits 22", b -> b.putInt(20, 22)),
                unsupported("cluster_bits 63", b -> b.putInt(20, 63)),
                unsupported("version 4", b -> b.putInt(4, 4)),
                damaged("header_length 2^31", b -> b.putInt(100, Integer.MIN_VALUE)),
                damaged(
                        "backing name past the cluster",
                        b -> b.putLong(8, CLUSTER - 4).putInt(16, 8)),
                damaged("backing name of 2^32-1 bytes", b -> b.putLong(8, 2048).putInt(16, -1)));
    }

    private static void extension(ByteBuffer image, int type, String content) {
        byte[] bytes = content.getBytes(UTF_8);
        image.putInt(112, type).putInt(116, bytes.length).put(120, bytes);
        image.putLong((120 + bytes.length + 7) & ~7, 0);
    }

    private static Stream<Lie> sizeLies() {
        return Stream.of(
                unsupported("virtual size 2^63", b -> b.putLong(24, Long.MIN_VALUE)),
                unsupported("virtual size 2^63-1", b -> b.putLong(24, Long.MAX_VALUE)),
                damaged("virtual size past the L1 table", b -> b.putLong(24, 1L << 30)),
                unsupported("L1 of 2^31 entries", b -> b.putInt(36, Integer.MIN_VALUE)),
                damaged("L1 of no entries", b -> b.putInt(36, 0)),
                damaged("L1 of 32 MiB", b -> b.putInt(36, 4 << 20)),
                unsupported("refcount table of 2^32-1 clusters", b -> b.putInt(56, -1)),
                damaged("refcount table of nothing", b -> b.putInt(56, 0)),
                damaged("refcount table of 8 MiB", b -> b.putInt(56, (8 << 20) / CLUSTER)),
                unsupported("2^32-1 snapshots", b -> b.putInt(60, -1)),
                damaged("65,536 snapshots", b -> b.putInt(60, 65_536)),
                damaged("snapshot's L1 huge", b -> b.putInt((int) b.getLong(64) + 8, -1)),
                damaged("snapshot's extra data huge", b -> b.putInt((int) b.getLong(64) + 36, -1)));
    }

    private static Stream<Lie> tableLies() {
        return Stream.of(
                damaged("L1 at 0", b -> b.putLong(40, 0)),
                damaged("L1 unaligned", b -> b.putLong(40, l1(b) + 8)),
                damaged("L1 past the end", b -> b.putLong(40, 1L << 40)),
                damaged("L1 on the refcount table", b -> b.putLong(40, b.getLong(48))),
                damaged("refcount table unaligned", b -> b.putLong(48, 512)),
                damaged("refcount table past the end", b -> b.putLong(48, 1L << 50)),
                damaged("refcount table on the L1", b -> b.putLong(48, l1(b))),
                damaged("refcount block past the end", b -> b.putLong((int) b.getLong(48), 1L << 41)),
                damaged("L2 table on the L1", b -> b.putLong(l1(b), l1(b) | COPIED)),
                damaged("L2 table twice", b -> b.putLong(l1(b), b.getLong(l1(b) + 8))),
                damaged("L2 table unaligned", b -> b.putLong(l1(b), b.getLong(l1(b)) + 512)),
                damaged("L2 table past the end", b -> b.putLong(l1(b), 1L << 42 | COPIED)),
                damaged("cluster on its own L2 table", b -> b.putLong(l2(b), l2(b) | COPIED)),
                damaged("cluster on the header", b -> b.putLong(l2(b), 1L << 62 | 64)),
                damaged("cluster past the end", b -> b.putLong(l2(b), 1L << 43 | COPIED)),
                damaged("cluster unaligned", b -> b.putLong(l2(b), b.getLong(l2(b)) + 512)),
                damaged("snapshot table on the L1", b -> b.putLong(64, l1(b))),
                damaged("snapshot table past the end", b -> b.putLong(64, 1L << 44)),
                damaged("snapshot's L1 on the disk's", b -> b.putLong((int) b.getLong(64), l1(b))),
                damaged("no bitmaps", b -> b.putInt(bitmaps(b), 0)),
                damaged("2^32-1 bitmaps", b -> b.putInt(bitmaps(b), -1)),
                damaged("bitmap directory on the L1", b -> b.putLong(bitmaps(b) + 16, l1(b))),
                damaged("bitmap table huge", b -> b.putInt((int) b.getLong(bitmaps(b) + 16) + 8, -1)));
    }

    private static int l1(ByteBuffer image) {
        return (int) image.getLong(40);
    }

    private static int l2(ByteBuffer image) {
        return (int) (image.getLong(l1(image)) & OFFSET_MASK);
    }

    /** Where the content of the bitmaps extension begins. */
    private static int bitmaps(ByteBuffer image) {
        int offset = image.getInt(100);
        while (image.getInt(offset) != 0x23852875) {
            offset += 8 + (image.getInt(offset + 4) + 7 & ~7);
        }
        return offset + 8;
    }

    @ParameterizedTest
    @MethodSource("lies")
    void refusesAnImageThatLiesAbout(Lie lie) {
        byte[] image = good.clone();
        lie.change.accept(ByteBuffer.wrap(image));
        assertThat(image).isNotEqualTo(good);
        refusesQcow2(lie.status, lie.problem, image);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/etc/passwd",
                "../../data/admin-token",
                "sibling.qcow2",
                "json:{\"driver\":\"qcow2\",\"file\":{\"driver\":\"file\",\"filename\":\"/etc/passwd\"}}",
                "nbd://127.0.0.1:10809/disk",
                "fat:rw:/etc"
            })
    void refusesABackingFile(String name) {
        refusesQcow2(422, "unsupported-image", withBackingName(name));
    }

    @Test
    void refusesABackingFileThatTheCatalogueKnows() {
        String base = freshName();
        assertThat(upload(base, RAW, new byte[DISK]).status()).isEqualTo(201);
        assertThat(api.post("images/" + base + "/seal").status()).isEqualTo(200);
        Path file = service.volume()
                .resolve(api.get("images/" + base).json().path("path").asString());
        assertThat(file).exists();
        for (String name :
                List.of(file.getFileName().toString(), file.toAbsolutePath().toString())) {
            refusesQcow2(422, "unsupported-image", withBackingName(name));
        }
        assertThat(api.get("images/" + base).json().path("children").asInt()).isZero();
        remove(base);
    }

    /** Takes the name into the free end of the header cluster. */
    private byte[] withBackingName(String name) {
        byte[] image = good.clone();
        byte[] text = name.getBytes(UTF_8);
        ByteBuffer.wrap(image).putLong(8, 2048).putInt(16, text.length).put(2048, text);
        return image;
    }

    @Test
    void refusesAnImageCutOffAnywhereButInItsLastCluster() {
        int last = (good.length - 1) / CLUSTER * CLUSTER;
        for (int length = 0; length <= last; length += 1 + good.length / 40) {
            refusesQcow2(422, "invalid-image", Arrays.copyOf(good, length));
        }
    }

    @Test
    void refusesWhatIsNotQcow2() {
        refusesQcow2(422, "invalid-image", NOTHING);
        refusesQcow2(422, "invalid-image", "QFI".getBytes(UTF_8));
        refusesQcow2(422, "invalid-image", "hello".getBytes(UTF_8));
        refusesQcow2(422, "invalid-image", new byte[1 << 20]);
        byte[] older = good.clone();
        older[4] = 1;
        refusesQcow2(422, "unsupported-image", older);
    }

    @Test
    void refusesADiskOfNoBytes() throws IOException {
        String name = freshName();
        refuses(422, "invalid-image", name, () -> upload(name, RAW, NOTHING));
        refuses(422, "invalid-image", name, () -> api.post("images?name=" + name, "Content-Type", RAW));
        for (String coding : codings().toList()) {
            byte[] nothing = encoded(coding, NOTHING);
            refuses(422, "invalid-image", name, () -> upload(name, RAW, nothing, "Content-Encoding", coding));
        }
    }

    @Test
    void aRawDiskStaysRawWhateverIsInIt() {
        String name = freshName();
        byte[] odd = Arrays.copyOf(withBackingName("/etc/passwd"), good.length - 7);
        assertThat(upload(name, RAW, odd).status()).isEqualTo(201);
        byte[] read = content(name);
        assertThat(read.length % 512).isZero();
        assertThat(read).isEqualTo(Arrays.copyOf(odd, read.length)).hasSizeLessThan(odd.length + 512);
        remove(name);
    }

    @Test
    void refusesADiskJustOverTheLimit(@TempDir Path directory) throws IOException {
        Path path = directory.resolve("large.qcow2");
        for (long size : new long[] {LIMIT + 512, 1L << 40}) {
            QemuImg.run("create", "-q", "-f", "qcow2", path.toString(), Long.toString(size));
            refusesQcow2(413, "too-large", Files.readAllBytes(path));
        }
        String name = freshName();
        refuses(413, "too-large", name, () -> upload(name, RAW, new byte[(int) LIMIT + 1]));
        refuses(
                400,
                "invalid-request",
                name,
                () -> api.postJson("images", "{\"name\":\"" + name + "\",\"virtualSize\":" + (LIMIT + 1) + "}"));
    }

    @Test
    void refusesADiskThatShowsOneClusterAMillionTimes() {
        int size = 64 << 10;
        int tables = 128;
        ByteBuffer image = ByteBuffer.allocate((5 + tables) * size);
        image.putInt(0, 0x514649fb).putInt(4, 3).putInt(20, 16).putInt(96, 4).putInt(100, 104);
        image.putLong(24, LIMIT).putInt(36, tables).putLong(40, size);
        image.putLong(48, 2L * size).putInt(56, 1).putLong(2 * size, 3L * size);
        for (int table = 0; table < tables; table++) {
            int at = (5 + table) * size;
            image.putLong(size + table * 8, at | COPIED);
            for (int i = 0; i < size; i += 8) {
                image.putLong(at + i, 4L * size | COPIED);
            }
        }
        refusesQcow2(422, "invalid-image", image.array());
    }

    static Stream<String> codings() {
        return Stream.of("gzip", "zstd", "xz");
    }

    private static byte[] encoded(String coding, byte[] plain) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (OutputStream encoder = switch (coding) {
            case "gzip" -> new GZIPOutputStream(bytes);
            case "zstd" -> new ZstdOutputStream(bytes).setChecksum(true);
            default -> new XZOutputStream(bytes, new LZMA2Options(1));
        }) {
            encoder.write(plain);
        }
        return bytes.toByteArray();
    }

    @ParameterizedTest
    @MethodSource("codings")
    void refusesCompressedStreamsThatAreDamaged(String coding) throws IOException {
        byte[] whole = encoded(coding, good);
        byte[] damaged = whole.clone();
        Arrays.fill(damaged, whole.length / 2, whole.length / 2 + 64, (byte) 0x5a);
        byte[] longer = Arrays.copyOf(whole, whole.length + 1000);
        Arrays.fill(longer, whole.length, longer.length, (byte) 0x5a);
        for (byte[] bad : List.of(
                damaged,
                longer,
                good,
                Arrays.copyOf(whole, 3),
                Arrays.copyOf(whole, whole.length / 2),
                Arrays.copyOf(whole, whole.length - 1))) {
            for (String type : List.of(RAW, QCOW2)) {
                String name = freshName();
                refuses(400, "malformed-body", name, () -> upload(name, type, bad, "Content-Encoding", coding));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("codings")
    void refusesABombSoon(String coding) throws IOException {
        byte[] bomb = encoded(coding, new byte[4 * (int) LIMIT]);
        assertThat(bomb.length).isLessThan(1 << 20);
        String name = freshName();
        refuses(413, "too-large", name, () -> upload(name, RAW, bomb, "Content-Encoding", coding));
    }

    @ParameterizedTest
    @ValueSource(strings = {"br", "deflate", "compress", "gzip, zstd", "gzip,gzip", "identity, gzip", "*", "garbage x"})
    void refusesTheCoding(String coding) {
        String name = freshName();
        refuses(415, "unsupported-media-type", name, () -> upload(name, RAW, good, "Content-Encoding", coding));
    }

    @Test
    void refusesBytesThatAreNotThoseAnnounced() throws GeneralSecurityException {
        String right =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(good));
        String name = freshName();
        for (String type : List.of(RAW, QCOW2)) {
            refuses(422, "checksum-mismatch", name, () -> upload(name + "&sha256=" + "0".repeat(64), type, good));
            refuses(
                    422,
                    "checksum-mismatch",
                    name,
                    () -> upload(name + "&sha256=" + right, type, Arrays.copyOf(good, good.length + 1)));
            for (String none : List.of("", "xyz", right.substring(1), right + "0", "g" + right.substring(1), "%ff")) {
                refuses(400, "invalid-request", name, () -> upload(name + "&sha256=" + none, type, good));
            }
        }
        assertThat(upload(name + "&sha256=" + right, QCOW2, good).status()).isEqualTo(201);
        remove(name);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "labels=a",
                "labels=,",
                "labels==",
                "labels=a=1,a=2",
                "labels=a=%00",
                "labels=-a=1",
                "ttl=P",
                "ttl=5",
                "ttl=5s",
                "ttl=PT0S",
                "ttl=-PT1H",
                "ttl=P9999999D",
                "lifetime=x",
                "lifetime=disposable",
                "name=second",
                "lifetime=persistent&ttl=PT1H",
                "description=%00",
                "description=%ff",
                "sha256=0&sha256=1"
            })
    void refusesTheQuery(String query) {
        String name = freshName();
        refuses(400, "invalid-request", name, () -> upload(name + "&" + query, RAW, good));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "../x",
                "a/b",
                "a%2Fb",
                "%2e%2e%2fx",
                "%00",
                "a%00b",
                "%ff",
                "",
                "%20",
                "x%20",
                ".x",
                "-x",
                "%C3%A9",
                "%F0%9F%90%84",
                "01234567-89ab-cdef-0123-456789abcdef",
                "x%0a"
            })
    void refusesTheName(String name) {
        refuses(400, "invalid-request", () -> upload(name, RAW, good));
    }

    @Test
    void refusesANameThatIsTooLongOrMissing() {
        refuses(400, "invalid-request", () -> upload("a".repeat(129), RAW, good));
        refuses(400, "invalid-request", () -> upload("a".repeat(7_000), RAW, good));
        refuses(400, "invalid-request", () -> upload("a".repeat(10 << 10), RAW, NOTHING));
        refuses(400, "invalid-request", () -> api.upload("images", RAW, good));
    }

    @Test
    void refusesANameThatIsTaken() {
        String name = freshName();
        assertThat(upload(name, RAW, new byte[512]).status()).isEqualTo(201);
        refuses(409, "name-taken", () -> upload(name, QCOW2, good));
        remove(name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"application/octet-stream", "application/x-qcow2", "application/json"})
    void refusesBodiesThatBreakOff(String type) {
        String name = freshName();
        String target = type.equals("application/json") ? "/api/v1/images" : "/api/v1/images?name=" + name;
        byte[] start = type.equals("application/json") ? ("{\"name\":\"" + name).getBytes(UTF_8) : good;
        String header = "Content-Type: " + type;
        byte[] chunk = concat((Integer.toHexString(start.length) + "\r\n").getBytes(UTF_8), start);
        byte[] line = "\r\n".getBytes(UTF_8);
        refuses(
                400,
                "body-incomplete",
                name,
                () -> service.send("POST", target, start, header, "Content-Length: " + (start.length + 1)));
        refuses(
                400,
                "body-incomplete",
                name,
                () -> service.send("POST", target, NOTHING, header, "Content-Length: 1000"));
        for (byte[] chunks : List.of(
                NOTHING,
                chunk,
                Arrays.copyOf(chunk, chunk.length - 5),
                concat(chunk, line),
                concat(chunk, line, "zz\r\n".getBytes(UTF_8)),
                "zz\r\nhello\r\n".getBytes(UTF_8),
                "-5\r\nhello\r\n0\r\n\r\n".getBytes(UTF_8),
                "ffffffffffffffff\r\nhello\r\n".getBytes(UTF_8))) {
            refuses(
                    400,
                    "body-incomplete",
                    name,
                    () -> service.send("POST", target, chunks, header, "Transfer-Encoding: chunked"));
        }
    }

    @Test
    void refusesADiskThatTheVolumeHasNoRoomForBeforeItComes() {
        String name = freshName();
        refuses(
                507,
                "volume-full",
                name,
                () -> service.send(
                        "POST",
                        "/api/v1/images?name=" + name,
                        good,
                        "Content-Type: " + QCOW2,
                        "Content-Length: " + (1L << 62)));
    }

    private static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
