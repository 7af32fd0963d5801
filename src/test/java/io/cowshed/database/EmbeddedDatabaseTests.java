package io.cowshed.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.problem.CannotStart;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.context.annotation.Configuration;

class EmbeddedDatabaseTests {

    @TempDir
    private Path directory;

    @Test
    void liesInTheDataDirectoryAndRemembersTheInstallation() {
        UUID first = installationOf(directory.resolve("data").toString());
        UUID second = installationOf(directory.resolve("data").toString());
        assertThat(second).isEqualTo(first);
        assertThat(directory.resolve("data/cowshed.mv.db")).isRegularFile();
        assertThat(installationOf(directory.resolve("other").toString())).isNotEqualTo(first);
    }

    @Test
    void takesADataDirectoryThatIsRelative() throws IOException {
        Path relative = Path.of("").toAbsolutePath().relativize(Files.createDirectories(directory.resolve("d")));
        String written = Path.of("target").resolve("..").resolve(relative).toString();
        assertThat(written).doesNotStartWith("/").doesNotStartWith("./");
        installationOf(written);
        assertThat(directory.resolve("d/cowshed.mv.db")).isRegularFile();
    }

    @Test
    void refusesADirectoryThatWouldEndTheUrl() {
        EmbeddedDatabase database = new EmbeddedDatabase(Path.of("/tmp/a;INIT=x"));
        assertThatThrownBy(database::getJdbcUrl).isInstanceOf(CannotStart.class).hasMessageContaining("semicolon");
    }

    private static UUID installationOf(String dataDirectory) {
        try (ConfigurableApplicationContext context = new SpringApplicationBuilder(Application.class)
                .web(WebApplicationType.NONE)
                // Health is not a part of this.
                .properties("management.endpoint.health.validate-group-membership=false")
                .run("--cowshed.data-dir=" + dataDirectory, "--logging.level.root=error")) {
            return context.getBean(Installation.class).id();
        }
    }

    @Configuration
    @EnableAutoConfiguration
    @ComponentScan("io.cowshed.database")
    static class Application {}
}
