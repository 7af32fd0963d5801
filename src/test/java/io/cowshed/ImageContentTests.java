package io.cowshed;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.luben.zstd.ZstdOutputStream;
import io.cowshed.engine.block.PlainBlockHash;
import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.oracle.QemuIo;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.ServiceTests;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

/** Disks go in and come out as QEMU reads them. */
class ImageContentTests extends ServiceTests {

    private static final String RAW = "application/octet-stream";
    private static final String QCOW2 = "application/x-qcow2";

    /** The sealed image's digest is the blkhash of its bytes, and so are the bytes themselves, by two readers. */
    private void assertHolds(String image, byte[] disk) throws IOException {
        Answer sealed = api.post("images/" + image + "/seal");
        assertThat(sealed.status()).as("%s", sealed).isEqualTo(200);
        assertThat(sealed.json().path("digest").asString()).isEqualTo(PlainBlockHash.of(disk));
        assertThat(api.get("images/" + image + "/content").bytes()).isEqualTo(disk);
        assertThat(QemuImg.content(file(image), "qcow2")).isEqualTo(disk);
        QemuImg.run("check", file(image).toString());
    }

    @Test
    void aRawDiskIsTakenInAsItIs() throws IOException {
        byte[] disk = disk(1);

        Answer made = api.upload("images?name=raw&description=d&labels=team=net,env=lab&ttl=PT1H", RAW, disk);

        assertThat(made.status()).as("%s", made).isEqualTo(201);
        assertThat(made.header("Location"))
                .isEqualTo("/api/v1/images/" + made.json().path("id").asString());
        assertThat(made.json().path("virtualSize").asLong()).isEqualTo(disk.length);
        assertThat(made.json().path("labels").toString()).isEqualTo("{\"env\":\"lab\",\"team\":\"net\"}");
        assertThat(made.json().path("lifetime").asString()).isEqualTo("disposable");
        assertThat(made.json().path("allocatedSize").asLong()).isLessThan(disk.length);
        assertThat(api.get("images/raw").json()).isEqualTo(made.json());
        assertHolds("raw", disk);
    }

    @Test
    void aRawDiskThatEndsWithinASectorIsRoundedUp() throws IOException {
        byte[] disk = Arrays.copyOf(disk(2), 200_000);
        api.upload("images?name=odd-raw", RAW, disk);

        assertHolds("odd-raw", Arrays.copyOf(disk, 200_192));
    }

    @Test
    void compressedDisksAreUnpackedOnTheWayIn() throws IOException {
        byte[] disk = disk(3);
        for (String coding : List.of("gzip", "zstd", "xz")) {
            byte[] packed = pack(disk, coding);
            Answer made = api.upload(
                    "images?name=" + coding + "&sha256=" + sha256(packed), RAW, packed, "Content-Encoding", coding);
            assertThat(made.status()).as("%s", made).isEqualTo(201);
            assertHolds(coding, disk);
        }
    }

    @Test
    void aDiskThatIsNotTheOneAnnouncedIsRefused() throws IOException {
        byte[] packed = pack(disk(4), "gzip");
        String path = "images?name=mistaken&sha256=";
        Answer refused = api.upload(path + sha256(disk(4)), RAW, packed, "Content-Encoding", "gzip");
        assertThat(refused.problem()).isEqualTo("checksum-mismatch");
        assertThat(api.get("images/mistaken").problem()).isEqualTo("not-found");

        assertThat(api.upload(path + sha256(packed), RAW, packed, "Content-Encoding", "gzip")
                        .status())
                .isEqualTo(201);
    }

    @Test
    void aQcow2FileIsTakenInAsItIs(@TempDir Path directory) throws IOException {
        byte[] disk = disk(5);
        Path raw = Files.write(directory.resolve("disk.raw"), disk);
        for (String options : List.of("cluster_size=64k", "cluster_size=4k,lazy_refcounts=on", "compat=0.10")) {
            String name = "q-" + options.replaceAll("[^a-z0-9]", "-");
            Path plain = directory.resolve("plain.qcow2");
            Path compressed = directory.resolve("compressed.qcow2");
            QemuImg.run("convert", "-O", "qcow2", "-o", options, raw.toString(), plain.toString());
            QemuImg.run("convert", "-c", "-O", "qcow2", "-o", options, raw.toString(), compressed.toString());

            Answer made = api.upload("images?name=" + name, QCOW2, plain);
            assertThat(made.status()).as("%s", made).isEqualTo(201);
            assertHolds(name, disk);
            byte[] zipped = pack(Files.readAllBytes(compressed), "zstd");
            Answer another = api.upload("images?name=c" + name, QCOW2, zipped, "Content-Encoding", "zstd");
            assertThat(another.status()).as("%s", another).isEqualTo(201);
            assertHolds("c" + name, disk);
        }
    }

    /** The file is changed behind the service's back, its time put back: only a second read would see it. */
    @Test
    void sealingAfterAnImportReadsNothingAgain() throws IOException {
        byte[] disk = disk(6);
        api.upload("images?name=instant", RAW, disk);
        Path file = file("instant");
        FileTime modified = Files.getLastModifiedTime(file);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            long offset = QemuImg.map(file, "qcow2").stream()
                    .filter(QemuImg.MapEntry::data)
                    .findFirst()
                    .orElseThrow()
                    .offset()
                    .getAsLong();
            channel.write(ByteBuffer.wrap(new byte[512]), offset);
        }
        assertThat(QemuImg.content(file, "qcow2")).isNotEqualTo(disk);
        Files.setLastModifiedTime(file, modified);

        assertThat(api.post("images/instant/seal").json().path("digest").asString())
                .isEqualTo(PlainBlockHash.of(disk));
    }

    @Test
    void sealingAfterAGuestHasWrittenReadsAnew() throws IOException {
        byte[] disk = disk(7);
        api.upload("images?name=written", RAW, disk);
        QemuIo.run(file("written"), "qcow2", List.of("write -P 7 1000k 3k"));
        Arrays.fill(disk, 1000 << 10, 1003 << 10, (byte) 7);

        assertHolds("written", disk);

        api.post("images/written/unseal");
        QemuIo.run(file("written"), "qcow2", List.of("write -z 0 64k"));
        Arrays.fill(disk, 0, 64 << 10, (byte) 0);
        assertHolds("written", disk);
    }

    /** As on a file system that counts whole seconds: both writes are made in the same one. */
    @Test
    void aDigestIsComputedAnewHoweverCoarseTheClock() throws IOException {
        byte[] disk = disk(12);
        api.upload("images?name=coarse", RAW, disk);
        FileTime second = FileTime.from(Instant.now().truncatedTo(ChronoUnit.SECONDS));
        for (int value : List.of(1, 2)) {
            QemuIo.run(file("coarse"), "qcow2", List.of("write -P " + value + " 0 512"));
            Files.setLastModifiedTime(file("coarse"), second);
            Arrays.fill(disk, 0, 512, (byte) value);
            assertHolds("coarse", disk);
            api.post("images/coarse/unseal");
        }
    }

    @Test
    void theDigestOfABlankDiskCostsNothing() {
        api.postJson("images", "{\"name\": \"vast\", \"virtualSize\": \"64GiB\"}");

        assertThat(api.post("images/vast/seal").json().path("digest").asString())
                .isEqualTo(hashOfZeros(64L << 30));
    }

    @Test
    void extentsAreThoseOfQemu() throws IOException {
        chain("e");
        for (String image : List.of("e-base", "e-middle", "e-top")) {
            List<QemuImg.MapEntry> extents = api.get("images/" + image + "/extents")
                    .json()
                    .valueStream()
                    .map(extent -> new QemuImg.MapEntry(
                            extent.path("start").asLong(),
                            extent.path("length").asLong(),
                            extent.path("depth").asInt(),
                            extent.path("present").asBoolean(),
                            extent.path("zero").asBoolean(),
                            extent.path("data").asBoolean(),
                            extent.path("offset").isMissingNode()
                                    ? OptionalLong.empty()
                                    : OptionalLong.of(extent.path("offset").asLong())))
                    .toList();
            assertThat(extents).as(image).isEqualTo(QemuImg.map(file(image), "qcow2"));
        }
    }

    @Test
    void extentsOfAPartAreCutToIt() throws IOException {
        chain("p");
        assertThat(api.get("images/p-top/extents?start=1000&length=500").json().toString())
                .contains("\"start\":1000", "\"length\":500");
        assertThat(api.get("images/p-top/extents?start=-1").problem()).isEqualTo("invalid-request");
    }

    @Test
    void aChainReadsAsQemuReadsIt() throws IOException {
        chain("r");
        for (String image : List.of("r-base", "r-middle", "r-top")) {
            assertThat(api.get("images/" + image + "/content").bytes())
                    .as(image)
                    .isEqualTo(QemuImg.content(file(image), "qcow2"));
        }
        byte[] top = QemuImg.content(file("r-top"), "qcow2");
        assertHolds("r-top", top);
    }

    @Test
    void anyRangeCanBeRead() throws IOException {
        byte[] disk = disk(8);
        api.upload("images?name=ranged", RAW, disk);
        int end = disk.length;
        Object[][] ranges = {
            {"bytes=0-0", 0, 1},
            {"bytes=0-511", 0, 512},
            {"bytes=1000001-1000100", 1_000_001, 1_000_101},
            {"bytes=65535-131072", 65_535, 131_073},
            {"bytes=" + (end - 10) + "-", end - 10, end},
            {"bytes=-10", end - 10, end},
            {"bytes=-99999999999", 0, end},
            {"bytes=5-99999999999", 5, end},
        };
        for (Object[] range : ranges) {
            int from = (int) range[1];
            int to = (int) range[2];
            Answer part = api.get("images/ranged/content", "Range", (String) range[0]);
            assertThat(part.status()).as("%s", range[0]).isEqualTo(206);
            assertThat(part.header("Content-Range")).isEqualTo("bytes " + from + "-" + (to - 1) + "/" + end);
            assertThat(part.header("Content-Length")).isEqualTo(String.valueOf(to - from));
            assertThat(part.bytes()).isEqualTo(Arrays.copyOfRange(disk, from, to));
        }
        Answer outside = api.get("images/ranged/content", "Range", "bytes=" + end + "-");
        assertThat(outside.status()).isEqualTo(416);
        assertThat(outside.problem()).isEqualTo("range-not-satisfiable");
        assertThat(outside.header("Content-Range")).isEqualTo("bytes */" + end);
    }

    @Test
    void aDownloadGoesOnOnlyWithTheContentItBeganWith() throws IOException {
        byte[] disk = disk(9);
        api.upload("images?name=resumed", RAW, disk);
        String tag = api.head("images/resumed/content").header("ETag");
        Answer rest = api.get("images/resumed/content", "Range", "bytes=100-", "If-Range", tag);
        assertThat(rest.status()).isEqualTo(206);
        assertThat(rest.header("ETag")).isEqualTo(tag);

        QemuIo.run(file("resumed"), "qcow2", List.of("write -P 9 0 512"));
        Arrays.fill(disk, 0, 512, (byte) 9);

        Answer whole = api.get("images/resumed/content", "Range", "bytes=100-", "If-Range", tag);
        assertThat(whole.status()).isEqualTo(200);
        assertThat(whole.bytes()).isEqualTo(disk);
        assertThat(whole.header("ETag")).isNotEqualTo(tag);
    }

    @Test
    void whoHasTheContentIsNotSentItAgain() {
        byte[] disk = disk(10);
        api.upload("images?name=known", RAW, disk);
        api.post("images/known/seal");
        Answer head = api.head("images/known/content");

        assertThat(head.status()).isEqualTo(200);
        assertThat(head.bytes()).isEmpty();
        assertThat(head.header("Content-Length")).isEqualTo(String.valueOf(disk.length));
        assertThat(head.header("Accept-Ranges")).isEqualTo("bytes");
        assertThat(head.header("ETag")).isEqualTo("\"" + PlainBlockHash.of(disk) + "\"");
        Answer again = api.get("images/known/content", "If-None-Match", head.header("ETag"));
        assertThat(again.status()).isEqualTo(304);
        assertThat(again.bytes()).isEmpty();
        assertThat(api.get("images/known/content", "If-None-Match", "*").status())
                .isEqualTo(304);
        assertThat(api.get("images/known/content?format=vmdk").problem()).isEqualTo("invalid-request");
    }

    @Test
    void contentThatIsNotTheOneAskedForIsRefused() {
        api.upload("images?name=matched", RAW, disk(10));
        api.post("images/matched/seal");
        String tag = api.head("images/matched/content").header("ETag");

        for (String match : List.of("*", tag, "\"a\", " + tag, "W/\"a\",," + tag + " , \"b\"")) {
            Answer part = api.get("images/matched/content", "If-Match", match, "Range", "bytes=0-99");
            assertThat(part.status()).as(match).isEqualTo(206);
        }
        for (String match : List.of("\"a\"", "W/" + tag, "nothing", "", tag + " " + tag)) {
            for (String range : List.of("bytes=0-99", "bytes=99999999-")) {
                Answer refused = api.get("images/matched/content", "If-Match", match, "Range", range);
                assertThat(refused.problem()).as(match).isEqualTo("precondition-failed");
                assertThat(refused.status()).isEqualTo(412);
            }
        }
        assertThat(api.get("images/matched/content", "If-Match", "\"a\"", "If-None-Match", tag)
                        .status())
                .isEqualTo(412);
    }

    /** A base, a clone that writes over some of it and zeroes some, and a longer clone of that. */
    private void chain(String prefix) throws IOException {
        api.upload("images?name=" + prefix + "-base", RAW, disk(11));
        api.post("images/" + prefix + "-base/seal");
        api.postJson("images/" + prefix + "-base/clones", "{\"name\": \"" + prefix + "-middle\"}");
        QemuIo.run(
                file(prefix + "-middle"),
                "qcow2",
                List.of("write -P 1 100k 3k", "write -z 1M 128k", "write -P 2 2M 200k"));
        assertThat(api.post("images/" + prefix + "-middle/seal").status()).isEqualTo(200);
        api.postJson(
                "images/" + prefix + "-middle/clones", "{\"name\": \"" + prefix + "-top\", \"virtualSize\": \"5MiB\"}");
        QemuIo.run(
                file(prefix + "-top"),
                "qcow2",
                List.of("write -P 3 2100k 64k", "write -P 4 4M 1k", "discard 100k 64k"));
    }

    @Test
    void theExtentsOfADamagedDiskDoNotEndLikeThoseOfASoundOne() throws IOException {
        api.upload("images?name=damaged", RAW, disk(20));
        long l2 = Integer.toUnsignedLong(at(file("damaged"), 44));
        l2 = Integer.toUnsignedLong(at(file("damaged"), l2 + 4));
        try (FileChannel channel = FileChannel.open(file("damaged"), StandardOpenOption.WRITE)) {
            // The second cluster lies nowhere: its offset is no multiple of a cluster's size.
            channel.write(ByteBuffer.allocate(8).putLong(0, 0x8000_0000_0000_0200L), l2 + 8);
        }

        Answer refused = api.get("images/damaged/extents");

        assertThat(refused.status()).as("%s", refused).isEqualTo(422);
        assertThat(refused.problem()).isEqualTo("invalid-image");
    }

    /** The 32 bits at that place. */
    private static int at(Path file, long position) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(4);
        try (FileChannel channel = FileChannel.open(file)) {
            channel.read(bytes, position);
        }
        return bytes.getInt(0);
    }

    @Test
    void rangesAreForGetAlone() {
        byte[] disk = disk(21);
        api.upload("images?name=headed", RAW, disk);

        Answer head = api.head("images/headed/content", "Range", "bytes=0-99");

        assertThat(head.status()).isEqualTo(200);
        assertThat(head.header("Content-Range")).isEmpty();
        assertThat(head.header("Content-Length"))
                .isEqualTo(String.valueOf(api.get("images/headed/content").bytes().length));
        assertThat(api.head("images/headed/content", "Range", "bytes=99999999-").status())
                .isEqualTo(200);
    }

    private Path file(String image) {
        return service.volume()
                .resolve(api.get("images/" + image).json().path("path").asString());
    }

    /** Three MiB with random bytes, a hole and a pattern. */
    private static byte[] disk(int seed) {
        byte[] disk = new byte[3 << 20];
        byte[] random = new byte[1 << 20];
        new Random(seed).nextBytes(random);
        System.arraycopy(random, 0, disk, 0, 300_000);
        System.arraycopy(random, 300_000, disk, 2 << 20, 700_000);
        Arrays.fill(disk, disk.length - 70_000, disk.length, (byte) seed);
        return disk;
    }

    private static byte[] pack(byte[] bytes, String coding) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream out = switch (coding) {
            case "gzip" -> new GZIPOutputStream(packed);
            case "zstd" -> new ZstdOutputStream(packed);
            case "xz" -> new XZOutputStream(packed, new LZMA2Options(1));
            default -> throw new AssertionError(coding);
        }) {
            out.write(bytes);
        }
        return packed.toByteArray();
    }

    private static String sha256(byte[] bytes) {
        return HexFormat.of().formatHex(digest().digest(bytes));
    }

    private static String hashOfZeros(long length) {
        byte[] block = digest().digest(new byte[1 << 16]);
        MessageDigest outer = digest();
        for (long at = 0; at < length; at += 1 << 16) {
            outer.update(block);
        }
        for (int shift = 0; shift < 64; shift += 8) {
            outer.update((byte) (length >>> shift));
        }
        return "blkhash-sha256:" + HexFormat.of().formatHex(outer.digest());
    }

    private static MessageDigest digest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
