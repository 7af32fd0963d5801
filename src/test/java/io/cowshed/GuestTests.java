package io.cowshed;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.Exits;
import io.cowshed.testing.ServiceTests;
import io.cowshed.testing.VerbChains;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The README's story with a real guest: imported, sealed, cloned, booted. Needs what {@code scripts/make-guest} needs. */
class GuestTests extends ServiceTests {

    private static final Path GUEST = Path.of(System.getProperty("user.home"), ".cache/cowshed/guest");

    @Test
    void aCloneOfAGuestBootsAndItsBaseStaysAsItIs() throws IOException {
        run("scripts/make-guest", GUEST.toString());
        Answer imported = api.upload("images?name=debian-12", "application/x-qcow2", GUEST.resolve("disk.qcow2"));
        assertThat(imported.status()).as("%s", imported).isEqualTo(201);
        assertThat(api.post("images/debian-12/seal").status()).isEqualTo(200);
        assertThat(api.postJson("images/debian-12/clones", "{\"name\": \"web-1\"}")
                        .status())
                .isEqualTo(201);
        Path base = file("debian-12");
        Path clone = file("web-1");
        String before = sha256(base);

        String console = run("scripts/boot-guest", clone.toString(), "qcow2", GUEST.toString());

        assertThat(console).contains("GUEST-UP base");
        assertThat(sha256(base)).isEqualTo(before);
        QemuImg.run("check", base.toString());
        QemuImg.run("check", clone.toString());
        // The guest has left 20 MiB of its own in the clone, and the service sees them there.
        assertThat(api.get("images/web-1").json().path("allocatedSize").asLong())
                .isGreaterThan(20 << 20);
        lineageAgreesWithQemu(base, clone);
        Answer refused = api.delete("images/debian-12?purge=true");
        assertThat(refused.problem()).isEqualTo("image-has-children");
        assertThat(refused.toString()).contains("web-1");
    }

    @Test
    @Tag("story")
    void aGuestGoesOnFromWhatItsSnapshotKeeps() throws IOException {
        run("scripts/make-guest", GUEST.toString());
        VerbChains.succeed(api.upload("images?name=debian-13", "application/x-qcow2", GUEST.resolve("disk.qcow2")));
        VerbChains.succeed(api.post("images/debian-13/seal"));
        VerbChains.succeed(api.postJson("images/debian-13/clones", "{\"name\": \"db-1\"}"));
        run("scripts/boot-guest", file("db-1").toString(), "qcow2", GUEST.toString());

        Answer done = api.postJson("images/db-1/snapshot", "{\"name\": \"db-1-installed\"}", "Prefer", "wait=60");

        assertThat(done.json().path("state").asString()).as("%s", done).isEqualTo("succeeded");
        Path kept = file("db-1-installed");
        String before = sha256(kept);
        String console = run("scripts/boot-guest", file("db-1").toString(), "qcow2", GUEST.toString());
        assertThat(console).contains("GUEST-UP base");
        assertThat(sha256(kept)).isEqualTo(before);
        QemuImg.run("check", kept.toString());
        QemuImg.run("check", file("db-1").toString());
    }

    private void lineageAgreesWithQemu(Path base, Path clone) {
        JsonNode chain =
                new JsonMapper().readTree(QemuImg.run("info", "--backing-chain", "--output=json", clone.toString()));
        JsonNode lineage = api.get("images/web-1/lineage").json();
        assertThat(chain.size()).isEqualTo(2);
        assertThat(lineage.path("ancestors").size()).isEqualTo(1);
        agree(chain.get(0), lineage.path("image"), clone);
        agree(chain.get(1), lineage.path("ancestors").get(0), base);
        assertThat(chain.get(0).path("full-backing-filename").asString()).isEqualTo(base.toString());
    }

    private void agree(JsonNode info, JsonNode link, Path file) {
        JsonNode image = api.get("images/" + link.path("id").asString()).json();
        assertThat(info.path("filename").asString())
                .isEqualTo(file.toString())
                .isEqualTo(
                        service.volume().resolve(image.path("path").asString()).toString());
        assertThat(info.path("virtual-size").asLong())
                .isEqualTo(image.path("virtualSize").asLong());
        assertThat(info.path("actual-size").asLong())
                .isEqualTo(image.path("allocatedSize").asLong());
        assertThat(info.path("cluster-size").asLong())
                .isEqualTo(image.path("clusterSize").asLong());
    }

    private Path file(String image) {
        return service.volume()
                .resolve(api.get("images/" + image).json().path("path").asString());
    }

    private static String run(String... command) throws IOException {
        Process process =
                new ProcessBuilder(List.of(command)).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(Exits.of(process)).as(output).isZero();
        return output;
    }

    private static String sha256(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            ByteBuffer piece = ByteBuffer.allocate(1 << 20);
            while (channel.read(piece) >= 0) {
                digest.update(piece.flip());
                piece.clear();
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }
}
