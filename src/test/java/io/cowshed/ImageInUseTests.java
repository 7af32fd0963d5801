package io.cowshed;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.posix.LiveQemuIo;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.ServiceTests;
import io.cowshed.volume.HeldImage;
import io.cowshed.volume.Volume;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Cowshed and a running QEMU keep out of each other's way. */
class ImageInUseTests extends ServiceTests {

    @Test
    void whatAGuestWritesToIsLeftAlone() throws Exception {
        Path file = blank("busy");
        try (LiveQemuIo guest = LiveQemuIo.writing(file, "qcow2")) {
            for (Answer answer : List.of(
                    api.post("images/busy/seal"),
                    api.post("images/busy/unseal"),
                    api.delete("images/busy?purge=true"),
                    api.get("images/busy/content"),
                    api.get("images/busy/extents"))) {
                assertInUse(answer, guest);
            }
            assertThat(api.head("images/busy/content").status()).isEqualTo(409);
            assertThat(api.get("images/busy").status()).isEqualTo(200);
            assertThat(api.patch("images/busy", "{\"description\": \"still here\"}")
                            .status())
                    .isEqualTo(200);
            guest.command("write -P 5 0 64k", ".*ops.*");
        }
        assertThat(api.get("images/busy/content", "Range", "bytes=0-1").bytes()).containsExactly(5, 5);
        assertThat(api.post("images/busy/seal").status()).isEqualTo(200);
    }

    @Test
    void whatAGuestReadsIsNeitherSealedNorThawedNorRemoved() throws Exception {
        Path file = blank("read");
        try (LiveQemuIo guest = LiveQemuIo.reading(file, "qcow2")) {
            assertInUse(api.post("images/read/seal"), guest);
            assertInUse(api.delete("images/read?purge=true"), guest);
            assertThat(api.get("images/read/content").status()).isEqualTo(200);
        }
        assertThat(api.post("images/read/seal").status()).isEqualTo(200);
        try (LiveQemuIo guest = LiveQemuIo.reading(file, "qcow2")) {
            assertInUse(api.post("images/read/unseal"), guest);
            assertInUse(api.delete("images/read?purge=true"), guest);
            assertThat(api.get("images/read/content").status()).isEqualTo(200);
            assertThat(api.post("images/read/seal").status()).isEqualTo(200);
            assertThat(api.postJson("images/read/clones", "{\"name\": \"read-clone\"}")
                            .status())
                    .isEqualTo(201);
        }
        assertThat(api.delete("images/read-clone?purge=true").status()).isEqualTo(204);
        assertThat(api.delete("images/read?purge=true").status()).isEqualTo(204);
    }

    @Test
    void aParentIsReadAndClonedWhileAGuestRunsOnItsClone() throws Exception {
        blank("shared");
        api.post("images/shared/seal");
        api.postJson("images/shared/clones", "{\"name\": \"running\"}");
        try (LiveQemuIo guest = LiveQemuIo.writing(file("running"), "qcow2")) {
            assertThat(api.get("images/shared/content").status()).isEqualTo(200);
            assertThat(api.postJson("images/shared/clones", "{\"name\": \"next\"}")
                            .status())
                    .isEqualTo(201);
            assertThat(api.get("images/next/content").status()).isEqualTo(200);
            assertInUse(api.delete("images/running?purge=true"), guest);
        }
    }

    @Test
    void aGuestDoesNotWriteToWhatIsBeingDownloaded() throws Exception {
        api.postJson("images", "{\"name\": \"download\", \"virtualSize\": \"1TiB\"}");
        Path file = file("download");
        try (InputStream download = api.stream("images/download/content")) {
            assertThat(download.readNBytes(1 << 20)).isEqualTo(new byte[1 << 20]);

            assertThat(LiveQemuIo.attempt(file, "qcow2", true).output()).contains("lock");
            assertThat(LiveQemuIo.attempt(file, "qcow2", false).exit()).isZero();
            Answer refused = api.delete("images/download?purge=true");
            assertThat(refused.problem()).isEqualTo("image-in-use");
            assertThat(refused.json().path("detail").asString()).contains("this service");
        }
    }

    @Test
    void aGuestDoesNotOpenWhatIsBeingChanged() throws Exception {
        Path file = blank("held");
        UUID id = UUID.fromString(api.get("images/held").json().path("id").asString());
        try (HeldImage _ = service.bean(Volume.class).hold(id)) {
            LiveQemuIo.Outcome writer = LiveQemuIo.attempt(file, "qcow2", true);
            LiveQemuIo.Outcome reader = LiveQemuIo.attempt(file, "qcow2", false);
            assertThat(writer.exit()).isNotZero();
            assertThat(writer.output()).contains("lock");
            assertThat(reader.exit()).isNotZero();
            assertThat(reader.output()).contains("lock");
        }
        assertThat(LiveQemuIo.attempt(file, "qcow2", true).exit()).isZero();
    }

    private static void assertInUse(Answer answer, LiveQemuIo guest) {
        assertThat(answer.status()).as("%s", answer).isEqualTo(409);
        assertThat(answer.problem()).isEqualTo("image-in-use");
        assertThat(answer.json().path("detail").asString()).contains("qemu-io (process " + guest.pid() + ")");
        assertThat(answer.json().path("action").asString()).isNotEmpty();
    }

    private Path blank(String name) {
        assertThat(api.postJson("images", "{\"name\": \"%s\", \"virtualSize\": \"1MiB\"}".formatted(name))
                        .status())
                .isEqualTo(201);
        return file(name);
    }

    private Path file(String image) {
        return service.volume()
                .resolve(api.get("images/" + image).json().path("path").asString());
    }
}
