package io.cowshed.rescue;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code scripts/backup} says when it cannot do its work. */
class BackupScriptTests {

    /** As the kernel has it for those who neither own a file nor may write to it ({@code fs.protected_hardlinks}). */
    @Test
    void aFileThatGetsNoSecondNameIsTold(@TempDir Path directory) throws Exception {
        Path volume = Files.createDirectory(directory.resolve("volume"));
        Files.writeString(volume.resolve("cowshed-volume.json"), "{}");
        for (String part : List.of("images", "seeds", "catalogue")) {
            Files.createDirectory(volume.resolve(part));
        }
        Files.writeString(volume.resolve("images/one.qcow2"), "disk");
        Path programs = Files.createDirectory(directory.resolve("bin"));
        program(programs.resolve("ln"), "echo 'ln: Operation not permitted' >&2; exit 1");

        ProcessBuilder builder = new ProcessBuilder(
                        "scripts/backup",
                        volume.toString(),
                        directory.resolve("copy").toString())
                .redirectErrorStream(true);
        builder.environment().merge("PATH", programs + ":", (path, first) -> first + path);
        Process backup = builder.start();
        String said = new String(backup.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(backup.waitFor()).isEqualTo(1);
        assertThat(said).isEqualTo("ln: Operation not permitted\n");
        assertThat(volume).isDirectoryNotContaining("glob:**/backup.*");
    }

    private static void program(Path file, String script) throws IOException {
        Files.writeString(file, "#!/bin/sh\n" + script + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
}
