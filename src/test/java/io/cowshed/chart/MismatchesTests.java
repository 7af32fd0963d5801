package io.cowshed.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What reads the manifests, and compares them, notices mistakes: each is made in a copy of the chart. */
class MismatchesTests {

    private static final String EVERYTHING = """
            postgresql: {url: 'jdbc:postgresql://db/cowshed', password: secret}
            secret:
              hooksKey: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
              adminToken: cow_00000000000000000000000000000000_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
            ingress: {enabled: true, host: cowshed.example.com}
            autoscaling: {enabled: true}
            networkPolicy: {enabled: true}
            metrics: {serviceMonitor: {enabled: true, tokenSecret: my-token}, prometheusRule: {enabled: true}}
            """;

    private static final String SELECTOR = "{{- include \"cowshed.selectorLabels\" . | nindent %d }}";

    @TempDir
    private Path directory;

    @Test
    void aChartWithoutAMistakeHasNone() {
        assertThat(Mismatches.of(Chart.copy(directory).manifests(EVERYTHING))).isEmpty();
    }

    static Stream<Arguments> mismatches() {
        return Stream.of(
                arguments(
                        "service.yaml",
                        SELECTOR.formatted(4),
                        "app: cowshed",
                        "Service disks-cowshed selects none of the Deployment's pods: {app=cowshed}"),
                arguments(
                        "service.yaml",
                        SELECTOR.formatted(4),
                        "app.kubernetes.io/name: cowshed",
                        "Service disks-cowshed selects Pod disks-cowshed-test too"),
                arguments(
                        "service.yaml",
                        "targetPort: http",
                        "targetPort: web",
                        "Service disks-cowshed names a port that the container has not: web"),
                arguments(
                        "service.yaml",
                        "- name: http",
                        "- name: web",
                        "ServiceMonitor disks-cowshed names a port that the Service has not: http"),
                arguments(
                        "ingress.yaml",
                        "name: http",
                        "name: web",
                        "Ingress disks-cowshed names a port that the Service has not: web"),
                arguments(
                        "ingress.yaml",
                        "                name: {{ include \"cowshed.fullname\" . }}",
                        "                name: cowshed",
                        "Ingress disks-cowshed goes to another Service: cowshed"),
                arguments(
                        "networkpolicy.yaml",
                        "- port: http",
                        "- port: web",
                        "NetworkPolicy disks-cowshed names a port that the container has not: web"),
                arguments(
                        "networkpolicy.yaml",
                        SELECTOR.formatted(6),
                        "app: cowshed",
                        "NetworkPolicy disks-cowshed selects none of the Deployment's pods: {app=cowshed}"),
                arguments(
                        "poddisruptionbudget.yaml",
                        SELECTOR.formatted(6),
                        "app: cowshed",
                        "PodDisruptionBudget disks-cowshed selects none of the Deployment's pods: {app=cowshed}"),
                arguments(
                        "servicemonitor.yaml",
                        SELECTOR.formatted(6).replace(" . ", " $ "),
                        "app: cowshed",
                        "ServiceMonitor disks-cowshed selects no Service: {app=cowshed}"),
                arguments(
                        "horizontalpodautoscaler.yaml",
                        "    name: {{ include \"cowshed.fullname\" . }}",
                        "    name: cowshed",
                        "HorizontalPodAutoscaler disks-cowshed scales something else: Deployment cowshed"),
                arguments(
                        "deployment.yaml",
                        "{{- if not .Values.autoscaling.enabled }}",
                        "{{- if true }}",
                        "an upgrade would undo what HorizontalPodAutoscaler disks-cowshed did"),
                arguments(
                        "deployment.yaml",
                        SELECTOR.formatted(6),
                        "app: cowshed",
                        "the Deployment selects none of the Deployment's pods: {app=cowshed}"),
                arguments(
                        "deployment.yaml",
                        "- name: tmp\n              mountPath",
                        "- name: temp\n              mountPath",
                        "the Deployment mounts what is no volume: temp"),
                arguments(
                        "deployment.yaml",
                        "            - name: tmp\n              mountPath: /tmp\n",
                        "",
                        "the Deployment does not mount tmp"),
                arguments(
                        "deployment.yaml",
                        "mountPath: /tmp",
                        "mountPath: /data",
                        "the Deployment mounts two volumes at /data"),
                arguments(
                        "deployment.yaml",
                        "(printf \"%s-volume\" $fullname)",
                        "$fullname",
                        "the Deployment names a claim that is not there: disks-cowshed"),
                arguments(
                        "deployment.yaml",
                        "key: password",
                        "key: pass",
                        "the Deployment takes SPRING_DATASOURCE_PASSWORD from where it is not: disks-cowshed/pass"),
                arguments(
                        "deployment.yaml",
                        "name: SERVER_PORT",
                        "name: SERVER_ADDRESS",
                        "the Deployment sets twice SERVER_ADDRESS"),
                arguments(
                        "serviceaccount.yaml",
                        "name: {{ include \"cowshed.fullname\" . }}",
                        "name: cowshed",
                        "the Deployment names an account that is not there: disks-cowshed"),
                arguments(
                        "_helpers.tpl",
                        "app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}\n",
                        "",
                        "Deployment disks-cowshed lacks the label app.kubernetes.io/version"),
                arguments(
                        "tests/answers.yaml",
                        "name: {{ include \"cowshed.fullname\" . }}-test",
                        "name: {{ include \"cowshed.fullname\" . }}_test",
                        "Pod disks-cowshed_test is no name"));
    }

    @ParameterizedTest(name = "{3}")
    @MethodSource("mismatches")
    void aMismatchIsNoticed(String file, String from, String to, String complaint) {
        Chart chart = Chart.copy(directory).edit("templates/" + file, from, to);

        assertThat(Mismatches.of(chart.manifests(EVERYTHING))).contains(complaint);
    }

    static Stream<Arguments> mistakes() {
        return Stream.of(
                arguments("deployment.yaml", "revisionHistoryLimit:", "revisionsLimit:", "revisionsLimit"),
                arguments("deployment.yaml", "failureThreshold: 300", "failures: 300", "failures"),
                arguments("deployment.yaml", "value: \"8080\"", "value: 8080", "Integer"),
                arguments("deployment.yaml", "enableServiceLinks: false", "enableServiceLinks: \"no\"", "Boolean"),
                arguments("deployment.yaml", "containerPort: 8080", "containerPort: \"8080\"", "Integer"),
                arguments(
                        "deployment.yaml",
                        "serviceAccountName:",
                        "terminationGracePeriodSeconds: 1\n      x:",
                        "duplicate key"),
                arguments("servicemonitor.yaml", "interval:", "every:", "every"),
                arguments("prometheusrule.yaml", "spec:", "spec:\n  rules: []", "rules"),
                arguments("networkpolicy.yaml", "networking.k8s.io/v1", "networking.k8s.io/v1beta1", "NetworkPolicy"),
                arguments("serviceaccount.yaml", "kind: ServiceAccount", "kind: Role", "v1 Role"));
    }

    @ParameterizedTest(name = "{0}: {2}")
    @MethodSource("mistakes")
    void whatKubernetesDoesNotKnowIsNoticed(String file, String from, String to, String complaint) {
        Chart chart = Chart.copy(directory).edit("templates/" + file, from, to);
        String rendered = chart.render(EVERYTHING);

        assertThatThrownBy(() -> Manifests.parse(rendered)).hasMessageContaining(complaint);
    }
}
