package io.cowshed.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.engine.oracle.OracleProcess;
import io.cowshed.testing.ServiceTests;
import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.openshift.api.model.monitoring.v1.ServiceMonitor;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/** What the chart takes for granted of the service is so. */
class ChartOnServiceTests extends ServiceTests {

    private static final String HOOKS_KEY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    private static final String ADMIN_TOKEN =
            "cow_00000000000000000000000000000000_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    private Chart chart;

    @BeforeAll
    void copyChart(@TempDir Path directory) {
        chart = Chart.copy(directory);
    }

    @Test
    void probesAreAnsweredWithoutAToken() {
        Container container = container(chart.manifests());

        for (Probe probe :
                List.of(container.getStartupProbe(), container.getLivenessProbe(), container.getReadinessProbe())) {
            assertThat(service.as("").get(probe.getHttpGet().getPath()).status())
                    .as(probe.getHttpGet().getPath())
                    .isEqualTo(200);
        }
    }

    @Test
    void metricsAreReadWithAReadersToken() {
        String path = chart.manifests("metrics: {serviceMonitor: {enabled: true, tokenSecret: my-token}}")
                .one(ServiceMonitor.class)
                .getSpec()
                .getEndpoints()
                .getFirst()
                .getPath();
        String reader = api.postJson("tokens", "{\"name\": \"prometheus\", \"role\": \"reader\"}")
                .json()
                .path("secret")
                .asString();

        assertThat(service.as("").get(path).status()).isEqualTo(401);
        assertThat(service.as(reader).get(path).status()).isEqualTo(200);
    }

    @Test
    void theTestHookPassesWhereTheServiceAnswers() {
        assertThat(OracleProcess.run(hook(service.port())))
                .contains("/actuator/health/readiness: HTTP/1.1 200")
                .contains("/api/v1/images: HTTP/1.1 401");
    }

    @Test
    void theTestHookFailsWhereNobodyAnswers() throws IOException {
        int port;
        try (ServerSocket nobody = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = nobody.getLocalPort();
        }

        assertThatThrownBy(() -> OracleProcess.run(hook(port))).isInstanceOf(AssertionError.class);
    }

    private List<String> hook(int port) {
        List<String> command = new ArrayList<>(chart.manifests()
                .one(Pod.class)
                .getSpec()
                .getContainers()
                .getFirst()
                .getCommand());
        String script = command.removeLast();
        assertThat(script).contains("/dev/tcp/disks-cowshed/8080");
        command.add(script.replace("/dev/tcp/disks-cowshed/8080", "/dev/tcp/127.0.0.1/" + port));
        return command;
    }

    @Test
    void theVariablesAreTheServicesProperties() {
        Manifests manifests = chart.manifests("""
                postgresql: {url: 'jdbc:postgresql://db/cowshed', username: u, password: p}
                secret: {hooksKey: %s, adminToken: %s}
                extraEnv: [{name: COWSHED_MAX_DEPTH, value: "32"}]
                """.formatted(HOOKS_KEY, ADMIN_TOKEN));
        StandardEnvironment environment = new StandardEnvironment();
        environment
                .getPropertySources()
                .replace(
                        StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME,
                        new SystemEnvironmentPropertySource(
                                StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME, variables(manifests)));
        ConfigurationPropertySources.attach(environment);
        Map<String, String> properties = Map.of(
                "cowshed.data-dir", "/data",
                "cowshed.volume", "/volume",
                "cowshed.max-depth", "32",
                "cowshed.admin-token", ADMIN_TOKEN,
                "cowshed.hooks.key", HOOKS_KEY,
                "server.address", "0.0.0.0",
                "server.port", "8080",
                "spring.datasource.url", "jdbc:postgresql://db/cowshed",
                "spring.datasource.username", "u",
                "spring.datasource.password", "p");

        properties.forEach((property, value) -> {
            assertThat(environment.getProperty(property)).as(property).isEqualTo(value);
            assertThat(Binder.get(environment).bind(property, String.class).get())
                    .as(property)
                    .isEqualTo(value);
        });
        assertThat(container(manifests).getEnv()).hasSameSizeAs(properties.keySet());
    }

    private static Map<String, Object> variables(Manifests manifests) {
        Map<String, String> secret = manifests.one(Secret.class).getStringData();
        Map<String, Object> variables = new HashMap<>();
        for (EnvVar variable : container(manifests).getEnv()) {
            variables.put(
                    variable.getName(),
                    variable.getValue() != null
                            ? variable.getValue()
                            : secret.get(
                                    variable.getValueFrom().getSecretKeyRef().getKey()));
        }
        return variables;
    }

    private static Container container(Manifests manifests) {
        return manifests
                .one(Deployment.class)
                .getSpec()
                .getTemplate()
                .getSpec()
                .getContainers()
                .getFirst();
    }
}
