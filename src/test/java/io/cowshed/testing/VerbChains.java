package io.cowshed.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.oracle.QemuIo;
import io.cowshed.testing.ApiClient.Answer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import tools.jackson.databind.JsonNode;

/** Small images over HTTP, with contents that a test can tell apart, read and written by QEMU's own tools. */
public final class VerbChains {

    /** The length of each disk, in bytes. */
    public static final int DISK = 8 << 20;

    private final Path volume;
    private final ApiClient api;

    public VerbChains(TestService service) {
        this(service.volume(), service.api());
    }

    /** On the volume of a service that is called in this way. */
    public VerbChains(Path volume, ApiClient api) {
        this.volume = volume;
        this.api = api;
    }

    /** A sealed base of random data but for its second and its last two MiB, which are zeros. */
    public void base(String name) {
        byte[] disk = new byte[DISK];
        new Random(name.hashCode()).nextBytes(disk);
        Arrays.fill(disk, 2 << 20, 3 << 20, (byte) 0);
        Arrays.fill(disk, DISK - (2 << 20), DISK, (byte) 0);
        upload(name, disk);
    }

    /** A sealed base with nothing in it. */
    public void blankBase(String name, long virtualSize) {
        succeed(api.postJson("images", "{\"name\": \"" + name + "\", \"virtualSize\": " + virtualSize + "}"));
        succeed(api.post("images/" + name + "/seal", "Prefer", "wait=30"));
    }

    /** A sealed base that reads like another image. */
    public void sealedCopyOf(String name, String other) throws IOException {
        upload(name, content(other));
    }

    private void upload(String name, byte[] disk) {
        succeed(api.upload("images?name=" + name, "application/octet-stream", disk));
        succeed(api.post("images/" + name + "/seal", "Prefer", "wait=30"));
    }

    /** A clone with some changes of its own, at places that depend on its name. */
    public void clone(String name, String parent) {
        succeed(api.postJson("images/" + parent + "/clones", "{\"name\": \"" + name + "\"}"));
        int mark = name.hashCode() & 0x7f;
        write(
                name,
                "write -P " + (mark + 1) + " " + (mark * 8192) + " 100k",
                "write -z " + (5 << 20) + " 128k",
                "write -P " + (mark + 2) + " " + (7 << 20) + " 4k");
    }

    /** A sealed clone with some changes of its own. */
    public void sealedClone(String name, String parent) {
        clone(name, parent);
        succeed(api.post("images/" + name + "/seal", "Prefer", "wait=30"));
    }

    /** Writes as a guest would. */
    public void write(String name, String... commands) {
        QemuIo.run(file(name), "qcow2", List.of(commands));
    }

    /** Writes these bytes as a guest would. */
    public void writeBytes(String name, long offset, byte[] bytes) throws IOException {
        Path pattern = Files.createTempFile("pattern", null);
        try {
            Files.write(pattern, bytes);
            write(name, "write -s " + pattern + " " + offset + " " + bytes.length);
        } finally {
            Files.delete(pattern);
        }
    }

    /** Counts a cluster at the end of the file that nothing uses. */
    public void leak(String name) throws IOException {
        try (FileChannel file = FileChannel.open(file(name), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            long cluster = Math.ceilDiv(file.size(), 65536);
            ByteBuffer word = ByteBuffer.allocate(8);
            file.read(word, 48);
            file.read(word.clear(), word.getLong(0));
            file.write(ByteBuffer.allocate(2).putShort(0, (short) 1), word.getLong(0) + cluster * 2);
            file.write(ByteBuffer.allocate(1), (cluster + 1) * 65536 - 1);
        }
    }

    /** What a guest reads, by qemu-img's account. */
    public byte[] content(String name) throws IOException {
        return QemuImg.content(file(name), "qcow2");
    }

    /** The image's file. */
    public Path file(String name) {
        return volume.resolve(image(name).path("path").asString());
    }

    public String id(String name) {
        return image(name).path("id").asString();
    }

    /** The name of the parent, by the catalogue, which the file's header must agree with; empty for none. */
    public String parent(String name) {
        JsonNode parent = image(name).path("parent");
        String info = QemuImg.run("info", "-U", "--output=json", file(name).toString());
        if (parent.isNull()) {
            assertThat(info).doesNotContain("backing-filename");
            return "";
        }
        assertThat(info).contains("\"backing-filename\": \"" + parent.path("id").asString() + ".qcow2\"");
        return parent.path("name").asString();
    }

    /** The names of all images that are not in the trash. */
    public List<String> names() {
        return succeed(api.get("images?limit=1000"))
                .json()
                .path("items")
                .valueStream()
                .map(image -> image.path("name").asString())
                .toList();
    }

    public JsonNode image(String name) {
        return succeed(api.get("images/" + name)).json();
    }

    /** The answer, which must be one of success. */
    public static Answer succeed(Answer answer) {
        assertThat(answer.status()).as("%s", answer).isBetween(200, 204);
        return answer;
    }
}
