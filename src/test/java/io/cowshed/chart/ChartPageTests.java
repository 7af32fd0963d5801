package io.cowshed.chart;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.oracle.OracleProcess;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.yaml.snakeyaml.Yaml;

/** What is written about the chart is so. */
class ChartPageTests {

    private static final Path PAGE = Chart.KEPT.resolve("README.md");
    private static final Pattern ROW = Pattern.compile("^\\| `([^`]+)` \\| `([^`]+)` \\|", Pattern.MULTILINE);

    /** Values that the page shows whole. */
    private static final Set<String> WHOLE =
            Set.of("resources", "podSecurityContext", "securityContext", "metrics.dashboard.labels");

    @Test
    void theTableHasAllValuesWithTheirDefaults() throws IOException {
        Map<String, Object> defaults = new LinkedHashMap<>();
        leaves("", new Yaml().load(Files.readString(Chart.KEPT.resolve("values.yaml"))), defaults);

        Map<String, Object> shown = new LinkedHashMap<>();
        ROW.matcher(Files.readString(PAGE))
                .results()
                .forEach(row -> shown.put(row.group(1), new Yaml().load(row.group(2))));

        assertThat(shown).isEqualTo(defaults);
        assertThat(shown.keySet()).containsExactlyElementsOf(defaults.keySet());
    }

    private static void leaves(String path, Object value, Map<String, Object> found) {
        if (value instanceof Map<?, ?> inner && !inner.isEmpty() && !WHOLE.contains(path)) {
            inner.forEach((name, more) -> leaves(path.isEmpty() ? name.toString() : path + "." + name, more, found));
        } else {
            found.put(path, value);
        }
    }

    @Test
    void theExampleOfManyPodsRenders(@TempDir Path directory) throws IOException {
        String values = only(Pattern.compile("<<'VALUES'\n(.*?)VALUES", Pattern.DOTALL), Files.readString(PAGE));

        Manifests manifests = Chart.copy(directory).manifests(values);

        assertThat(manifests.one(Deployment.class).getSpec().getReplicas()).isEqualTo(3);
        assertThat(Mismatches.of(manifests, "cowshed-keys", "cowshed-database")).isEmpty();
    }

    @Test
    void theCommandsForSecretsMakeWhatIsTaken(@TempDir Path directory) throws IOException {
        String page = Files.readString(PAGE);
        String hooksKey = only(Pattern.compile("--from-literal=hooks-key=(\".*\")"), page);
        String adminToken = only(Pattern.compile("--from-literal=admin-token=(\".*\")"), page);
        for (String place : List.of("values.yaml", "values.schema.json")) {
            assertThat(Files.readString(Chart.KEPT.resolve(place)).replace("\\\"", "\""))
                    .contains("openssl rand -base64 32")
                    .contains("echo " + adminToken);
        }
        assertThat(Files.readString(Path.of("docs/configuration.md")).replace("\\|", "|"))
                .contains("`echo " + adminToken + "`");

        String values = "secret: {hooksKey: '%s', adminToken: '%s'}".formatted(print(hooksKey), print(adminToken));

        assertThat(Chart.copy(directory).render(values)).contains("hooks-key");
    }

    private static String print(String text) {
        return OracleProcess.run(List.of("bash", "-c", "echo " + text)).strip();
    }

    @Test
    void theVersionIsThatOfTheService() throws IOException {
        Map<String, Object> chart = new Yaml().load(Files.readString(Chart.KEPT.resolve("Chart.yaml")));
        String version = only(
                Pattern.compile("<artifactId>cowshed</artifactId>\\s*<version>(.*?)</version>"),
                Files.readString(Path.of("pom.xml")));

        assertThat(chart)
                .containsEntry("appVersion", version)
                .containsEntry("version", version.replace("-SNAPSHOT", ""));
    }

    private static String only(Pattern pattern, String text) {
        List<String> found = pattern.matcher(text)
                .results()
                .map(result -> result.group(1))
                .distinct()
                .toList();
        assertThat(found).as(pattern.pattern()).hasSize(1);
        return found.getFirst();
    }
}
