package io.cowshed.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.yaml.snakeyaml.Yaml;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What the schema of the values refuses, and that it says what to do instead. */
class ChartRefusalTests {

    private static final String POSTGRESQL = "postgresql: {url: 'jdbc:postgresql://db/cowshed', existingSecret: d}";
    private static final String SECRET = "secret: {existing: s}";

    @TempDir
    private Path directory;

    static Stream<Arguments> refusals() {
        String forMore = "with the embedded database, whose file has one owner; for more pods set postgresql.url";
        String keys = "set secret.existing to a Secret with the keys hooks-key and admin-token, or secret.";
        return Stream.of(
                arguments("/replicas", "1 " + forMore, List.of("replicas: 2")),
                arguments("/autoscaling/enabled", "false " + forMore, List.of("autoscaling: {enabled: true}")),
                arguments(
                        "/volume/accessMode",
                        "ReadWriteMany for more than one pod: all of them mount the volume, whatever node they are on",
                        List.of(POSTGRESQL, SECRET, "{replicas: 2, volume: {accessMode: ReadWriteOnce}}")),
                arguments(
                        "/volume/accessMode",
                        "ReadWriteMany for more than one pod: all of them mount the volume, whatever node they are on",
                        List.of(
                                POSTGRESQL,
                                SECRET,
                                "{autoscaling: {enabled: true}, volume: {accessMode: ReadWriteOnce}}")),
                arguments(
                        "/postgresql/url",
                        "empty, or like jdbc:postgresql://db:5432/cowshed",
                        List.of(POSTGRESQL, SECRET, "postgresql: {url: 'postgres://db/cowshed'}")),
                arguments(
                        "/postgresql/password",
                        "the password of postgresql.username, unless postgresql.existingSecret names a Secret with the"
                                + " keys username and password",
                        List.of(POSTGRESQL, SECRET, "postgresql: {existingSecret: ''}")),
                arguments(
                        "/secret/hooksKey",
                        "one key for all pods with PostgreSQL: " + keys
                                + "hooksKey to what openssl rand -base64 32 prints",
                        List.of(POSTGRESQL)),
                arguments(
                        "/secret/adminToken",
                        "the token of the first administrator with PostgreSQL, where no pod keeps one: " + keys
                                + "adminToken",
                        List.of(POSTGRESQL)),
                arguments(
                        "/secret/hooksKey",
                        "32 bytes in Base64, as openssl rand -base64 32 prints them",
                        List.of("secret: {hooksKey: secret}")),
                arguments(
                        "/secret/adminToken",
                        "a token as this prints one: echo \"cow_$(openssl rand -hex 16)_$(openssl rand -base64 32 | tr"
                                + " +/ -_ | tr -d =)\"",
                        List.of("secret: {adminToken: secret}")),
                arguments(
                        "/ingress/host",
                        "the name that the service is reached by, such as cowshed.example.com",
                        List.of("ingress: {enabled: true}")),
                arguments(
                        "/metrics/serviceMonitor/tokenSecret",
                        "a Secret with the key token, which holds an access token with the role reader; POST"
                                + " /api/v1/tokens makes one",
                        List.of("metrics: {serviceMonitor: {enabled: true}}")),
                arguments(
                        "/terminationGracePeriodSeconds",
                        "at least 60: 5 s until nobody is sent here, 30 s for requests to end, 25 s for operations to"
                                + " be handed over and files to be closed",
                        List.of("terminationGracePeriodSeconds: 30")));
    }

    @ParameterizedTest(name = "{0}: {2}")
    @MethodSource("refusals")
    void refusesWithASentence(String where, String sentence, List<String> values) {
        Chart chart = Chart.copy(directory);

        assertThatThrownBy(() -> chart.render(values.toArray(String[]::new)))
                .hasMessageContaining("at '" + where + "': value must be '" + sentence + "'");
    }

    /** A sentence that no test asks for may never be said. */
    @Test
    void everySentenceOfTheSchemaIsAmongThese() throws IOException {
        JsonNode schema = JsonMapper.shared().readTree(Files.readString(Chart.KEPT.resolve("values.schema.json")));

        List<String> sentences = schema.findValues("const").stream()
                .filter(JsonNode::isString)
                .map(JsonNode::asString)
                .filter(text -> text.contains(" "))
                .toList();

        assertThat(sentences)
                .containsExactlyInAnyOrderElementsOf(refusals()
                        .map(refusal -> (String) refusal.get()[1])
                        .distinct()
                        .toList());
    }

    @Test
    void refusesWhatItDoesNotKnow() {
        Chart chart = Chart.copy(directory);

        for (String values : List.of(
                "replicaCount: 2",
                "image: {name: cowshed}",
                "postgresql: {host: db}",
                "secret: {key: x}",
                "volume: {accessModes: [ReadWriteMany]}",
                "data: {accessMode: ReadWriteMany}",
                "service: {nodePort: 1}",
                "serviceAccount: {create: false}",
                "ingress: {hosts: []}",
                "autoscaling: {targetMemory: 1}",
                "podDisruptionBudget: {minAvailable: 1}",
                "networkPolicy: {ingress: []}",
                "metrics: {enabled: true}",
                "metrics: {serviceMonitor: {path: /}}",
                "metrics: {prometheusRule: {path: /}}",
                "metrics: {dashboard: {path: /}}")) {
            assertThatThrownBy(() -> chart.render(values)).as(values).hasMessageContaining("additional properties");
        }
    }

    @Test
    void refusesTheWrongTypes() {
        Chart chart = Chart.copy(directory);

        for (String values : List.of(
                "replicas: '2'",
                "image: {tag: 1.0}",
                "podLabels: {team: 1}",
                "extraEnv: {COWSHED_MAX_DEPTH: '1'}",
                "volume: {size: 100}",
                "ingress: {enabled: 'yes'}")) {
            assertThatThrownBy(() -> chart.render(values)).as(values).hasMessageContaining("got ");
        }
        for (String values : List.of(
                "volume: {size: 100GB}",
                "image: {digest: latest}",
                "podDisruptionBudget: {maxUnavailable: half}",
                "fullnameOverride: Cowshed",
                "metrics: {serviceMonitor: {interval: '30'}}")) {
            assertThatThrownBy(() -> chart.render(values)).as(values).hasMessageContaining("does not match pattern");
        }
        assertThatThrownBy(() -> chart.render("networkPolicy: {from: []}")).hasMessageContaining("minItems");
    }

    @Test
    void refusesAnAutoscalerThatCannotScale() {
        Chart chart = Chart.copy(directory);

        assertThatThrownBy(() -> chart.render(POSTGRESQL, SECRET, "autoscaling: {enabled: true, minReplicas: 6}"))
                .hasMessageContaining("autoscaling.minReplicas must be at most autoscaling.maxReplicas");
        assertThatThrownBy(() -> chart.render(
                        POSTGRESQL, SECRET, "autoscaling: {enabled: true}", "resources: {requests: {cpu: null}}"))
                .hasMessageContaining("autoscaling needs resources.requests.cpu");
        assertThat(chart.render(
                        POSTGRESQL,
                        SECRET,
                        "autoscaling: {enabled: true}",
                        "resources: {requests: {cpu: null}, limits: {cpu: 2}}"))
                .contains("HorizontalPodAutoscaler");
    }

    @Test
    void describesEveryValue() throws IOException {
        JsonNode schema = JsonMapper.shared().readTree(Files.readString(Chart.KEPT.resolve("values.schema.json")));
        Map<String, Object> defaults = new Yaml().load(Files.readString(Chart.KEPT.resolve("values.yaml")));

        List<String> lacking = new ArrayList<>();
        compare("", defaults, schema, lacking);

        assertThat(lacking).isEmpty();
    }

    /** Where the schema says which properties an object has, they are those of the defaults. */
    private static void compare(String path, Map<?, ?> defaults, JsonNode schema, List<String> lacking) {
        JsonNode properties = schema.path("properties");
        if (properties.isMissingNode()) {
            return;
        }
        properties.propertyNames().stream()
                .filter(name -> !defaults.containsKey(name) && !(path + name).equals("global"))
                .forEach(name -> lacking.add(path + name + " has no default"));
        defaults.forEach((name, value) -> {
            if (properties.path(name.toString()).isMissingNode()) {
                lacking.add(path + name + " is not in the schema");
            } else if (value instanceof Map<?, ?> inner) {
                compare(path + name + ".", inner, properties.path(name.toString()), lacking);
            }
        });
    }

    @Test
    void lintRefusesAsWell() {
        Path copy = directory;
        Chart.copy(copy).edit("values.yaml", "replicas: 1", "replicas: 2");

        assertThat(Chart.lint(copy).refused()).isTrue();
    }
}
