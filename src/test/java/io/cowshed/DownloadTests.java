package io.cowshed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.ZstdInputStream;
import io.cowshed.engine.block.PlainBlockHash;
import io.cowshed.engine.oracle.OracleProcess;
import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.oracle.QemuIo;
import io.cowshed.engine.posix.LiveQemuIo;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.ServiceTests;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Disks go out in the coding that the client asks for; {@code zstd} and {@code curl} say whether they are whole. */
class DownloadTests extends ServiceTests {

    private static final String RAW = "application/octet-stream";
    private static final String[] ZSTD = {"Accept-Encoding", "zstd"};
    private static final int MIB = 1 << 20;

    /** Data and zeros that are longer, shorter and no multiple of the pieces that are sent. */
    @ParameterizedTest
    @ValueSource(ints = {512, 65_536, MIB - 512, MIB, MIB + 512, 3 * MIB, 5 * MIB + 77_824})
    void aCodedDiskIsTheSameDisk(int size, @TempDir Path directory) throws IOException {
        byte[] disk = disk(size);
        String name = "coded-" + size;
        api.upload("images?name=" + name, RAW, disk);

        Answer coded = api.get(content(name), ZSTD);

        assertThat(coded.status()).isEqualTo(200);
        assertThat(coded.header("Content-Encoding")).isEqualTo("zstd");
        assertThat(decoded(coded.bytes())).isEqualTo(disk);
        Path packed = Files.write(directory.resolve("disk.zst"), coded.bytes());
        Path raw = directory.resolve("disk.raw");
        OracleProcess.run(List.of("zstd", "-q", "-d", packed.toString(), "-o", raw.toString()));
        assertThat(Files.readAllBytes(raw)).isEqualTo(disk);
        assertThat(curl(name, directory)).isEqualTo(disk);
    }

    @Test
    void anEmptyDiskIsAnEmptyDiskInAnyCoding(@TempDir Path directory) throws IOException {
        Path empty = directory.resolve("empty.qcow2");
        QemuImg.run("create", "-q", "-f", "qcow2", empty.toString(), "0");
        Answer made = api.upload("images?name=empty", "application/x-qcow2", empty);
        assertThat(made.status()).as("%s", made).isEqualTo(201);

        assertThat(api.get(content("empty")).bytes()).isEmpty();
        Path packed = Files.write(
                directory.resolve("disk.zst"), api.get(content("empty"), ZSTD).bytes());
        Path raw = directory.resolve("disk.raw");
        OracleProcess.run(List.of("zstd", "-q", "-d", packed.toString(), "-o", raw.toString()));
        assertThat(raw).isEmptyFile();
        assertThat(curl("empty", directory)).isEmpty();
    }

    @Test
    void zerosCostNextToNothingAtBothEnds(@TempDir Path directory) throws IOException {
        api.postJson("images", "{\"name\": \"hollow\", \"virtualSize\": \"1GiB\"}");
        QemuIo.run(file("hollow"), "qcow2", List.of("write -P 7 300M 64k"));

        byte[] coded = api.get(content("hollow"), ZSTD).bytes();

        assertThat(coded).hasSizeLessThan(100 << 10);
        Path packed = Files.write(directory.resolve("disk.zst"), coded);
        Path raw = directory.resolve("disk.raw");
        OracleProcess.run(List.of("zstd", "-q", "-d", packed.toString(), "-o", raw.toString()));
        assertThat(Files.size(raw)).isEqualTo(1L << 30);
        assertThat(QemuImg.map(raw, "raw").stream()
                        .filter(QemuImg.MapEntry::data)
                        .mapToLong(QemuImg.MapEntry::length)
                        .sum())
                .isLessThan(16 << 20);
        QemuImg.run("compare", "-f", "qcow2", "-F", "raw", file("hollow").toString(), raw.toString());
    }

    @Test
    void everyCodingHasItsOwnTag() {
        byte[] disk = disk(2 * MIB);
        api.upload("images?name=tagged", RAW, disk);
        for (boolean sealed : new boolean[] {false, true}) {
            if (sealed) {
                api.post("images/tagged/seal");
            }
            Answer plain = api.head(content("tagged"));
            Answer coded = api.head(content("tagged"), ZSTD);
            String tag = plain.header("ETag");
            assertThat(coded.header("ETag")).isEqualTo(tag.substring(0, tag.length() - 1) + "-zstd\"");
            assertThat(api.get(content("tagged"), ZSTD).header("ETag")).isEqualTo(coded.header("ETag"));
            for (Answer answer : List.of(plain, coded)) {
                assertThat(answer.header("Vary")).isEqualTo("Accept-Encoding");
                assertThat(answer.bytes()).isEmpty();
            }
            assertThat(plain.header("Content-Length")).isEqualTo(String.valueOf(disk.length));
            assertThat(plain.header("Content-Encoding")).isEmpty();
            assertThat(coded.header("Content-Length")).isEmpty();
            assertThat(coded.header("Content-Encoding")).isEqualTo("zstd");
            for (String held : List.of(coded.header("ETag"), tag + ", " + coded.header("ETag"))) {
                Answer unchanged = api.get(content("tagged"), with("If-None-Match", held));
                assertThat(unchanged.status()).as(held).isEqualTo(304);
                assertThat(unchanged.header("ETag")).isEqualTo(coded.header("ETag"));
                assertThat(unchanged.header("Vary")).isEqualTo("Accept-Encoding");
                assertThat(unchanged.bytes()).isEmpty();
            }
            assertThat(api.get(content("tagged"), with("If-None-Match", tag)).status())
                    .isEqualTo(200);
            assertThat(api.get(content("tagged"), "If-None-Match", coded.header("ETag"))
                            .status())
                    .isEqualTo(200);
        }
        assertThat(api.head(content("tagged")).header("ETag")).isEqualTo("\"" + PlainBlockHash.of(disk) + "\"");
    }

    @Test
    void rangesAreOfTheDiskItself() {
        byte[] disk = disk(2 * MIB);
        api.upload("images?name=part", RAW, disk);
        String tag = api.head(content("part")).header("ETag");
        String coded = api.head(content("part"), ZSTD).header("ETag");

        Answer part = api.get(content("part"), with("Range", "bytes=100-299"));
        assertThat(part.status()).isEqualTo(206);
        assertThat(part.header("Content-Encoding")).isEmpty();
        assertThat(part.header("Vary")).isEqualTo("Accept-Encoding");
        assertThat(part.header("ETag")).isEqualTo(tag);
        assertThat(part.bytes()).isEqualTo(Arrays.copyOfRange(disk, 100, 300));

        Answer rest = api.get(content("part"), with("Range", "bytes=100-", "If-Range", tag));
        assertThat(rest.status()).isEqualTo(206);
        Answer whole = api.get(content("part"), with("Range", "bytes=100-", "If-Range", coded));
        assertThat(whole.status()).isEqualTo(200);
        assertThat(whole.header("Content-Encoding")).isEmpty();
        assertThat(whole.bytes()).isEqualTo(disk);
    }

    @Test
    void refusalsComeWithoutACoding() throws Exception {
        api.postJson("images", "{\"name\": \"busy\", \"virtualSize\": \"1MiB\"}");
        assertRefused(api.get(content("nothing"), ZSTD), 404, "not-found");
        try (LiveQemuIo _ = LiveQemuIo.writing(file("busy"), "qcow2")) {
            assertRefused(api.get(content("busy"), ZSTD), 409, "image-in-use");
        }
        assertRefused(api.get(content("busy"), with("Range", "bytes=2000000-")), 416, "range-not-satisfiable");
    }

    private static void assertRefused(Answer refused, int status, String problem) {
        assertThat(refused.status()).as("%s", refused).isEqualTo(status);
        assertThat(refused.problem()).isEqualTo(problem);
        assertThat(refused.header("Content-Encoding")).isEmpty();
        assertThat(refused.header("Vary")).contains("Accept-Encoding");
        assertThat(refused.headers())
                .as("what belongs to the content")
                .doesNotContainKeys("etag", "accept-ranges", "content-disposition");
        assertThat(refused.headers().containsKey("content-range")).isEqualTo(status == 416);
    }

    @Test
    void aDiskThatIsDamagedAtItsBeginningIsRefused() throws IOException {
        damaged("broken", 0);
        assertRefused(api.get(content("broken")), 422, "invalid-image");
        assertRefused(api.get(content("broken"), ZSTD), 422, "invalid-image");
        assertRefused(api.get(content("broken"), "Range", "bytes=0-511"), 422, "invalid-image");
    }

    @Test
    void aDownloadThatBreaksOffIsNoticed(@TempDir Path directory) throws IOException {
        damaged("halved", 3 * MIB);
        for (String coding : List.of("identity", "zstd")) {
            assertThatThrownBy(() -> api.get(content("halved"), "Accept-Encoding", coding))
                    .as(coding)
                    .isInstanceOf(UncheckedIOException.class);
        }
        assertThatThrownBy(() -> curl("halved", directory)).isInstanceOf(AssertionError.class);
    }

    /**
     * A disk of 4 MiB of random bytes, zeros in the second MiB, of which the cluster at {@code offset} is said to lie where
     * no cluster can.
     */
    private void damaged(String name, int offset) throws IOException {
        byte[] disk = new byte[4 * MIB];
        new Random(1).nextBytes(disk);
        Arrays.fill(disk, MIB, 2 * MIB, (byte) 0);
        api.upload("images?name=" + name, RAW, disk);
        try (FileChannel file = FileChannel.open(file(name), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            long l1 = at(file, 40);
            long l2 = at(file, l1) & 0x00ff_ffff_ffff_fe00L;
            int clusterBits = (int) (at(file, 20) >>> 32);
            long entry = l2 + (long) (offset >> clusterBits) * Long.BYTES;
            file.write(ByteBuffer.allocate(Long.BYTES).putLong(0, at(file, entry) | 0x200), entry);
        }
    }

    private static long at(FileChannel file, long offset) throws IOException {
        ByteBuffer number = ByteBuffer.allocate(Long.BYTES);
        file.read(number, offset);
        return number.getLong(0);
    }

    private byte[] curl(String image, Path directory) throws IOException {
        Path file = directory.resolve("curl.raw");
        String token = Files.readString(service.directory().resolve("data/admin-token"));
        OracleProcess.run(List.of(
                "curl",
                "-sS",
                "--compressed",
                "-H",
                "Accept-Encoding: zstd",
                "-H",
                "Authorization: Bearer " + token.strip(),
                "-o",
                file.toString(),
                "http://127.0.0.1:" + api.port() + "/api/v1/" + content(image)));
        return Files.readAllBytes(file);
    }

    private static String content(String image) {
        return "images/" + image + "/content?format=raw";
    }

    private Path file(String image) {
        return service.volume()
                .resolve(api.get("images/" + image).json().path("path").asString());
    }

    private static String[] with(String... headers) {
        String[] all = Arrays.copyOf(ZSTD, ZSTD.length + headers.length);
        System.arraycopy(headers, 0, all, ZSTD.length, headers.length);
        return all;
    }

    private static byte[] decoded(byte[] frames) throws IOException {
        try (InputStream in = new ZstdInputStream(new ByteArrayInputStream(frames))) {
            return in.readAllBytes();
        }
    }

    /** Random bytes at both ends, zeros between. */
    private static byte[] disk(int size) {
        byte[] disk = new byte[size];
        byte[] random = new byte[size / 5 + 1];
        new Random(size).nextBytes(random);
        System.arraycopy(random, 0, disk, 0, random.length);
        System.arraycopy(random, 0, disk, size - random.length, random.length);
        return disk;
    }
}
