package io.cowshed.rescue;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How commands are called. */
class OfflineCommandTests {

    private final ByteArrayOutputStream said = new ByteArrayOutputStream();

    @Test
    void propertiesAloneAreTheServices() {
        assertThat(OfflineCommand.isOne(new String[] {})).isFalse();
        assertThat(OfflineCommand.isOne(new String[] {"--server.port=0", "--debug"}))
                .isFalse();
    }

    @Test
    void aWordThatIsNoCommandStartsNothing() {
        assertThat(run("--server.port=0", "resuce")).isEqualTo(2);
        assertThat(said()).startsWith("Usage: ").contains("rescue [--dry-run]", "adopt DIRECTORY");
    }

    @Test
    void aPropertyThatCannotBeIsNoFaultOfTheDatabase(@TempDir Path directory) {
        assertThat(run("--cowshed.file-mode=rw", "--cowshed.data-dir=" + directory, "rescue"))
                .isEqualTo(1);
        assertThat(said()).contains("cowshed.file-mode is \"rw\", and must be").doesNotContain("database");
    }

    private int run(String... arguments) {
        assertThat(OfflineCommand.isOne(arguments)).isTrue();
        return new OfflineCommand(new PrintStream(said, true, StandardCharsets.UTF_8)).run(arguments);
    }

    private String said() {
        return said.toString(StandardCharsets.UTF_8);
    }
}
