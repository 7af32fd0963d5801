package io.cowshed.chart;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.chart.HelmProgram.Answer;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.TopologySpreadConstraint;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.openshift.api.model.monitoring.v1.PrometheusRule;
import io.fabric8.openshift.api.model.monitoring.v1.ServiceMonitor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.yaml.snakeyaml.Yaml;

/** What the chart renders, for every combination of what its values decide. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ChartTests {

    private static final Path KEPT = Path.of("src/test/resources/chart");

    /** All that may be named by values, and is not the chart's. */
    private static final String[] ELSEWHERE = {"my-database", "my-secret", "my-volume", "my-data", "my-account"};

    private static final String H2 = "postgresql: {url: ''}";
    private static final String POSTGRESQL = """
            postgresql: {url: 'jdbc:postgresql://db/cowshed', password: 'it''s "secret"'}
            secret:
              hooksKey: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
              adminToken: cow_00000000000000000000000000000000_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
            """;
    private static final String POSTGRESQL_OF_SECRETS = """
            postgresql: {url: 'jdbc:postgresql://db/cowshed', existingSecret: my-database}
            secret: {existing: my-secret}
            """;
    private static final String ALL_OPTIONS = """
            podAnnotations: {example.com/note: "1"}
            podLabels: {example.com/team: storage}
            extraEnv: [{name: COWSHED_MAX_DEPTH, value: "32"}]
            extraVolumes: [{name: authority, configMap: {name: authority}}]
            extraVolumeMounts: [{name: authority, mountPath: /authority, readOnly: true}]
            nodeSelector: {kubernetes.io/arch: amd64}
            tolerations: [{key: storage, operator: Exists, effect: NoSchedule}]
            image: {registry: registry.example.com, pullSecrets: [{name: registry}], tag: "",
              digest: 'sha256:0000000000000000000000000000000000000000000000000000000000000000'}
            service: {annotations: {example.com/note: "1"}}
            ingress: {enabled: true, className: nginx, host: cowshed.example.com, tlsSecret: cowshed-tls}
            networkPolicy: {enabled: true, egress: [{ports: [{port: 5432}]}]}
            metrics:
              serviceMonitor: {enabled: true, tokenSecret: my-token, labels: {release: prometheus}}
              prometheusRule: {enabled: true, labels: {release: prometheus}}
              dashboard: {enabled: true}
            """;

    private Chart chart;

    @BeforeAll
    void copyChart(@TempDir Path directory) {
        chart = Chart.copy(directory);
    }

    @Test
    void strictLintFindsNothing() {
        assertThat(Chart.lint(Chart.KEPT)).isEqualTo(new Answer(false, "[INFO] Chart.yaml: icon is recommended"));
    }

    static Stream<List<String>> matrix() {
        List<List<String>> matrix = new ArrayList<>();
        for (String database : List.of(H2, POSTGRESQL, POSTGRESQL_OF_SECRETS)) {
            for (String scale : List.of("replicas: 1", "replicas: 3", "autoscaling: {enabled: true}")) {
                if (database.equals(H2) && !scale.equals("replicas: 1")) {
                    continue;
                }
                for (String claims : List.of(
                        "{}",
                        "{volume: {existingClaim: my-volume}, data: {existingClaim: my-data}}",
                        "volume: {size: 1Ti}")) {
                    for (String options : List.of("{}", ALL_OPTIONS, "serviceAccount: {name: my-account}")) {
                        matrix.add(List.of(database, scale, claims, options));
                    }
                }
            }
        }
        return matrix.stream();
    }

    @ParameterizedTest
    @MethodSource("matrix")
    void everyCombinationIsOfOnePiece(List<String> values) {
        Manifests manifests = chart.manifests(values.toArray(String[]::new));

        assertThat(Mismatches.of(manifests, ELSEWHERE)).isEmpty();
        Deployment deployment = manifests.one(Deployment.class);
        confined(deployment.getSpec().getTemplate().getSpec());
        PodSpec test = manifests.one(Pod.class).getSpec();
        confined(test);
        assertThat(test.getNodeSelector())
                .isEqualTo(deployment.getSpec().getTemplate().getSpec().getNodeSelector());
        assertThat(test.getTolerations())
                .isEqualTo(deployment.getSpec().getTemplate().getSpec().getTolerations());
        manifests
                .all(ServiceAccount.class)
                .forEach(account ->
                        assertThat(account.getAutomountServiceAccountToken()).isFalse());
        boolean replicated = !values.contains("replicas: 1");
        assertThat(manifests.all(PodDisruptionBudget.class)).hasSize(replicated ? 1 : 0);
        assertThat(deployment.getSpec().getStrategy().getType())
                .isEqualTo(values.contains(H2) ? "Recreate" : "RollingUpdate");
        manifests.all(PersistentVolumeClaim.class).forEach(claim -> {
            assertThat(claim.getSpec().getAccessModes())
                    .containsExactly(values.contains(H2) ? "ReadWriteOnce" : "ReadWriteMany");
            assertThat(claim.getMetadata().getAnnotations()).containsEntry("helm.sh/resource-policy", "keep");
        });
    }

    /** As the "restricted" pod security standard has it, and with nothing to write to but what is mounted. */
    private static void confined(PodSpec pod) {
        assertThat(pod.getAutomountServiceAccountToken()).isFalse();
        assertThat(pod.getEnableServiceLinks()).isFalse();
        assertThat(pod.getSecurityContext().getRunAsNonRoot()).isTrue();
        assertThat(pod.getSecurityContext().getRunAsUser()).isEqualTo(10001);
        assertThat(pod.getSecurityContext().getRunAsGroup()).isEqualTo(10001);
        assertThat(pod.getSecurityContext().getFsGroup()).isEqualTo(10001);
        assertThat(pod.getSecurityContext().getFsGroupChangePolicy()).isEqualTo("OnRootMismatch");
        assertThat(pod.getSecurityContext().getSeccompProfile().getType()).isEqualTo("RuntimeDefault");
        for (Container container : pod.getContainers()) {
            assertThat(container.getSecurityContext().getAllowPrivilegeEscalation())
                    .isFalse();
            assertThat(container.getSecurityContext().getReadOnlyRootFilesystem())
                    .isTrue();
            assertThat(container.getSecurityContext().getCapabilities().getDrop())
                    .containsExactly("ALL");
            assertThat(container.getResources().getLimits()).containsKey("memory");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"default", "postgresql", "everything"})
    void rendersWhatIsKept(String name) throws IOException {
        String rendered = chart.render(Files.readString(KEPT.resolve(name + ".values.yaml")));

        Path kept = KEPT.resolve(name + ".yaml");
        if (Boolean.getBoolean("chart.write")) {
            Files.writeString(kept, rendered);
        }
        assertThat(kept)
                .as("mvn test -Dtest=ChartTests -Dchart.write=true renews it")
                .content()
                .isEqualTo(rendered);
    }

    @Test
    void whatIsReadWriteOnceIsLetGoBeforeItIsMountedAnew() {
        Deployment deployment = chart.manifests(POSTGRESQL, "volume: {accessMode: ReadWriteOnce}")
                .one(Deployment.class);

        assertThat(deployment.getSpec().getStrategy().getType()).isEqualTo("Recreate");
    }

    @Test
    void podsAreSpreadByTheirOwnLabelsUnlessOthersAreGiven() {
        List<TopologySpreadConstraint> constraints = chart.manifests("""
                        topologySpreadConstraints:
                          - {maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway}
                          - {maxSkew: 1, topologyKey: host, whenUnsatisfiable: ScheduleAnyway,
                            labelSelector: {matchLabels: {example.com/team: storage}}}
                        """)
                .one(Deployment.class)
                .getSpec()
                .getTemplate()
                .getSpec()
                .getTopologySpreadConstraints();

        assertThat(constraints.getFirst().getLabelSelector().getMatchLabels())
                .containsEntry("app.kubernetes.io/component", "server")
                .hasSize(3);
        assertThat(constraints.getLast().getLabelSelector().getMatchLabels())
                .containsExactly(Map.entry("example.com/team", "storage"));
    }

    /** Or a changed password would reach the pods at some later restart, each at its own time. */
    @Test
    void aChangedSecretRollsThePods() {
        String before = checksum(POSTGRESQL);
        String after = checksum(POSTGRESQL.replace("secret\"", "other\""));

        assertThat(before).matches("[0-9a-f]{64}");
        assertThat(after).matches("[0-9a-f]{64}").isNotEqualTo(before);
        assertThat(checksum(POSTGRESQL)).isEqualTo(before);
    }

    private String checksum(String values) {
        return chart.manifests(values)
                .one(Deployment.class)
                .getSpec()
                .getTemplate()
                .getMetadata()
                .getAnnotations()
                .getOrDefault("checksum/secret", "none");
    }

    @Test
    void secretsAreTakenOverToTheLetter() {
        assertThat(chart.manifests(POSTGRESQL).one(Secret.class).getStringData())
                .containsEntry("username", "cowshed")
                .containsEntry("password", "it's \"secret\"")
                .hasSize(4);
        assertThat(chart.manifests(POSTGRESQL_OF_SECRETS).all(Secret.class)).isEmpty();
        assertThat(chart.manifests().all(Secret.class)).isEmpty();
    }

    @Test
    void alertsAndDashboardAreThoseOfTheFiles() throws IOException {
        Manifests manifests = chart.manifests(ALL_OPTIONS);

        Map<String, Object> alerts = new Yaml().load(Files.readString(Chart.KEPT.resolve("files/alerts.yaml")));
        assertThat(manifests.one(PrometheusRule.class).getSpec().getGroups())
                .hasSameSizeAs((List<?>) alerts.get("groups"))
                .isNotEmpty();
        assertThat(manifests.one(ConfigMap.class).getData())
                .containsExactly(
                        Map.entry("cowshed.json", Files.readString(Chart.KEPT.resolve("files/dashboard.json"))));
    }

    @Test
    void alertsMatchWhatIsScraped() throws IOException {
        String job = chart.manifests(ALL_OPTIONS)
                .one(ServiceMonitor.class)
                .getSpec()
                .getEndpoints()
                .getFirst()
                .getRelabelings()
                .getFirst()
                .getReplacement();

        List<String> asked = Pattern.compile("job=~\"([^\"]*)\"")
                .matcher(Files.readString(Chart.KEPT.resolve("files/alerts.yaml")))
                .results()
                .map(match -> match.group(1))
                .toList();
        assertThat(asked).isNotEmpty().allSatisfy(pattern -> assertThat(job).matches(pattern));
    }

    @ParameterizedTest
    @CsvSource({
        "disks, '', disks-cowshed",
        "cowshed, '', cowshed",
        "my-cowshed-1, '', my-cowshed-1",
        "disks, images, images",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-dis, '', aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    })
    void namesFollowFromTheReleasesAndStayNames(String release, String override, String name) {
        Manifests manifests = chart.as(release).manifests(ALL_OPTIONS, "fullnameOverride: '" + override + "'");

        assertThat(manifests.one(Deployment.class).getMetadata().getName()).isEqualTo(name);
        assertThat(Mismatches.of(manifests)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {H2, POSTGRESQL, POSTGRESQL_OF_SECRETS, ALL_OPTIONS})
    void theNotesLeadToTheTokenAndTheFirstCall(String values) {
        Manifests manifests = chart.manifests(values);

        String notes = chart.notes(values);

        String deployment = manifests.one(Deployment.class).getMetadata().getName();
        assertThat(notes).contains("kubectl -n " + Chart.NAMESPACE + " rollout status deployment/" + deployment);
        assertThat(notes)
                .contains(
                        switch (values) {
                            case POSTGRESQL -> "get secret " + deployment + " -o 'jsonpath={.data.admin-token}'";
                            case POSTGRESQL_OF_SECRETS -> "get secret my-secret -o 'jsonpath={.data.admin-token}'";
                            default -> "exec deployment/" + deployment + " -- cat /data/admin-token";
                        });
        assertThat(notes)
                .contains("curl -H \"Authorization: Bearer $token\" "
                        + (values.equals(ALL_OPTIONS)
                                ? "https://cowshed.example.com/api/v1/images"
                                : "http://127.0.0.1:8080/api/v1/images"));
    }
}
