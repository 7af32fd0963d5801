package io.cowshed;

import static io.cowshed.testing.VerbChains.succeed;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.oracle.OracleProcess;
import io.cowshed.testing.ServiceTests;
import io.cowshed.testing.VerbChains;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** A real guest finds the seed disk of its clone by its label, as cloud-init does, and reads it. */
@Tag("story")
class SeedGuestTests extends ServiceTests {

    private static final Path GUEST = Path.of(System.getProperty("user.home"), ".cache/cowshed/guest");

    private static final String LOOK = """
            mount -t proc proc /proc
            mount -o ro LABEL=CIDATA /mnt && cat /mnt/meta-data /mnt/user-data && sha256sum /mnt/user-data
            echo o > /proc/sysrq-trigger
            sleep 10
            """;

    @Test
    void aGuestMountsItsSeedDisk(@TempDir Path directory) throws Exception {
        OracleProcess.run(List.of("scripts/make-guest", GUEST.toString()));
        succeed(api.upload("images?name=debian-12", "application/x-qcow2", GUEST.resolve("disk.qcow2")));
        succeed(api.post("images/debian-12/seal"));
        JsonNode clone = succeed(api.postJson(
                        "images/debian-12/clones",
                        "{\"name\": \"web-1\", \"seed\": {\"userData\": \"#cloud-config\\n# for web-1\\n\"}}"))
                .json();
        Path disk = new VerbChains(service).file("web-1");
        Path seed = service.volume().resolve(clone.path("seed").path("path").asString());
        Path console = directory.resolve("console");
        String look = Base64.getEncoder().encodeToString(LOOK.getBytes(StandardCharsets.UTF_8));

        OracleProcess.run(List.of(
                "timeout",
                "280",
                "qemu-system-x86_64",
                "-accel",
                "tcg,thread=multi",
                "-cpu",
                "max",
                "-m",
                "512",
                "-display",
                "none",
                "-nic",
                "none",
                "-no-reboot",
                "-serial",
                "file:" + console,
                "-kernel",
                GUEST.resolve("vmlinuz").toString(),
                "-initrd",
                GUEST.resolve("initrd").toString(),
                "-append",
                "console=ttyS0 root=/dev/vda1 rw quiet init=/bin/sh" + " -- -c \"echo${IFS}" + look
                        + "|base64${IFS}-d|sh\"",
                "-drive",
                "file=" + disk + ",format=qcow2,if=virtio",
                "-drive",
                "file=" + seed + ",format=qcow2,if=virtio,readonly=on"));

        assertThat(Files.readString(console, StandardCharsets.ISO_8859_1).replace("\r", ""))
                .contains("instance-id: \""
                        + clone.path("seed").path("instanceId").asString() + "\"")
                .contains("local-hostname: \"web-1\"")
                .contains("#cloud-config\n# for web-1\n");
    }
}
