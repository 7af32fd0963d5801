package io.cowshed.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** The alerts and the dashboard by themselves; {@link MetricsTests} holds them against a running service. */
class WatchFilesTests {

    @Test
    void prometheusTakesTheRules() throws Exception {
        assertThat(promtool("check", "rules", WatchFiles.ALERTS.toString())).contains("SUCCESS");
    }

    @Test
    void alertsFireWhenTheyShouldAndNotOtherwise() throws Exception {
        assertThat(promtool("test", "rules", "src/test/promtool/alerts-test.yaml"))
                .contains("SUCCESS");
    }

    @Test
    void expressionsAreReadAsPrometheusReadsThem() {
        assertThat(
                        WatchFiles.selected(
                                "sum by (a, le) (rate(x_total{b=\"c\", d!~\"e.*\"}[5m])) / -(y < 0) and min_over_time(max(z:z) [1d:1h])"))
                .containsExactly(
                        new WatchFiles.Selected("x_total", Map.of("b", "c", "d", "")),
                        new WatchFiles.Selected("y", Map.of()),
                        new WatchFiles.Selected("z:z", Map.of()));
    }

    @Test
    void everyAlertSaysWhatItMeansAndWhereIsWrittenWhatToDo() throws Exception {
        String operations = Files.readString(Path.of("docs/operations.md"));
        List<Map<String, Object>> alerts = WatchFiles.alerts();
        assertThat(alerts).isNotEmpty();
        for (Map<String, Object> alert : alerts) {
            String name = String.valueOf(alert.get("alert"));
            assertThat(part(alert, "labels").get("severity")).as(name).isIn("critical", "warning", "info");
            Map<?, ?> annotations = part(alert, "annotations");
            assertThat(String.valueOf(annotations.get("summary"))).as(name).isNotBlank();
            assertThat(String.valueOf(annotations.get("description"))).as(name).isNotBlank();
            assertThat(String.valueOf(annotations.get("runbook_url")))
                    .as(name)
                    .endsWith("/docs/operations.md#" + name.toLowerCase(Locale.ROOT));
            assertThat(operations).contains("\n### " + name + "\n");
        }
    }

    @Test
    void theDashboardCanBeImportedAsItIs() {
        JsonNode dashboard = WatchFiles.dashboard();
        assertThat(dashboard.path("title").asString()).isEqualTo("Cowshed");
        assertThat(dashboard.path("id").isMissingNode()).isTrue();
        Set<Integer> ids = new HashSet<>();
        dashboard
                .path("panels")
                .forEach(panel -> assertThat(ids.add(panel.path("id").asInt()))
                        .as("%s", panel.path("title"))
                        .isTrue());
        assertThat(WatchFiles.panels()).isNotEmpty().allSatisfy(panel -> {
            assertThat(panel.path("fieldConfig").path("defaults").path("unit").asString())
                    .isNotBlank();
            assertThat(panel.path("targets").size()).isPositive();
            panel.path("targets").forEach(target -> {
                assertThat(target.path("datasource").path("uid").asString()).isEqualTo("${datasource}");
                assertThat(target.path("expr").asString()).contains("job=\"$job\"");
            });
        });
    }

    private static Map<?, ?> part(Map<String, Object> rule, String name) {
        return (Map<?, ?>) Objects.requireNonNull(rule.get(name), name);
    }

    private static String promtool(String... arguments) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(Stream.concat(Stream.of("promtool"), Arrays.stream(arguments))
                        .toList())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        return output;
    }
}
