package io.cowshed.chart;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerPort;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.IntOrString;
import io.fabric8.kubernetes.api.model.LabelSelector;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodSpec;
import io.fabric8.kubernetes.api.model.Probe;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretKeySelector;
import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.ServicePort;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.autoscaling.v2.HorizontalPodAutoscaler;
import io.fabric8.kubernetes.api.model.networking.v1.Ingress;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.openshift.api.model.monitoring.v1.ServiceMonitor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What one object of the chart says of another, and is not so. Kubernetes takes all of that, and then nothing works. */
final class Mismatches {

    private static final Pattern NAME = Pattern.compile("[a-z]([-a-z0-9]{0,61}[a-z0-9])?");

    private static final List<String> LABELS =
            List.of("name", "instance", "component", "version", "managed-by").stream()
                    .map(label -> "app.kubernetes.io/" + label)
                    .toList();

    private final Manifests manifests;
    private final Set<String> elsewhere;
    private final Deployment deployment;
    private final Map<String, String> podLabels;
    private final List<String> found = new ArrayList<>();

    private Mismatches(Manifests manifests, Set<String> elsewhere) {
        this.manifests = manifests;
        this.elsewhere = elsewhere;
        this.deployment = manifests.one(Deployment.class);
        this.podLabels = deployment.getSpec().getTemplate().getMetadata().getLabels();
    }

    /**
     * All of them, as sentences.
     *
     * @param elsewhere the names of claims, Secrets and accounts that are not the chart's
     */
    static List<String> of(Manifests manifests, String... elsewhere) {
        Mismatches mismatches = new Mismatches(manifests, Set.of(elsewhere));
        mismatches.names();
        mismatches.selectors();
        mismatches.ports();
        mismatches.scale();
        mismatches.pod(
                "the Deployment", mismatches.deployment.getSpec().getTemplate().getSpec());
        manifests.all(Pod.class).forEach(pod -> mismatches.pod(name(pod), pod.getSpec()));
        return List.copyOf(mismatches.found);
    }

    private void names() {
        Set<String> seen = new HashSet<>();
        for (HasMetadata object : manifests.objects()) {
            require(seen.add(name(object)), "two are " + name(object));
            require(NAME.matcher(object.getMetadata().getName()).matches(), name(object) + " is no name");
            for (String label : LABELS) {
                require(
                        object.getMetadata().getLabels().containsKey(label),
                        name(object) + " lacks the label " + label);
            }
        }
        require(
                LABELS.stream().allMatch(podLabels::containsKey),
                "the pods lack a label that the other objects have: " + podLabels);
    }

    private void selectors() {
        selects("the Deployment", deployment.getSpec().getSelector().getMatchLabels());
        manifests
                .all(Service.class)
                .forEach(service -> selects(name(service), service.getSpec().getSelector()));
        manifests
                .all(PodDisruptionBudget.class)
                .forEach(budget ->
                        selects(name(budget), matchLabels(budget.getSpec().getSelector())));
        manifests
                .all(NetworkPolicy.class)
                .forEach(policy ->
                        selects(name(policy), matchLabels(policy.getSpec().getPodSelector())));
        deployment
                .getSpec()
                .getTemplate()
                .getSpec()
                .getTopologySpreadConstraints()
                .forEach(spread -> selects("a topology spread", matchLabels(spread.getLabelSelector())));
        Map<String, String> serviceLabels =
                manifests.one(Service.class).getMetadata().getLabels();
        manifests.all(ServiceMonitor.class).forEach(monitor -> {
            Map<String, String> selector = matchLabels(monitor.getSpec().getSelector());
            require(
                    !selector.isEmpty() && serviceLabels.entrySet().containsAll(selector.entrySet()),
                    name(monitor) + " selects no Service: " + selector);
        });
    }

    private void selects(String who, Map<String, String> selector) {
        require(
                !selector.isEmpty() && podLabels.entrySet().containsAll(selector.entrySet()),
                who + " selects none of the Deployment's pods: " + selector);
        for (Pod pod : manifests.all(Pod.class)) {
            require(
                    !pod.getMetadata().getLabels().entrySet().containsAll(selector.entrySet()),
                    who + " selects " + name(pod) + " too");
        }
    }

    private void ports() {
        Set<String> containerPorts = deployment.getSpec().getTemplate().getSpec().getContainers().stream()
                .flatMap(container -> container.getPorts().stream())
                .map(ContainerPort::getName)
                .collect(Collectors.toSet());
        Service service = manifests.one(Service.class);
        Set<String> servicePorts = new HashSet<>();
        for (ServicePort port : service.getSpec().getPorts()) {
            servicePorts.add(port.getName());
            isOneOf(name(service), port.getTargetPort(), containerPorts);
        }
        for (Container container : deployment.getSpec().getTemplate().getSpec().getContainers()) {
            for (Probe probe :
                    List.of(container.getStartupProbe(), container.getLivenessProbe(), container.getReadinessProbe())) {
                isOneOf("a probe", probe.getHttpGet().getPort(), containerPorts);
            }
        }
        manifests
                .all(NetworkPolicy.class)
                .forEach(policy -> policy.getSpec()
                        .getIngress()
                        .forEach(rule -> rule.getPorts()
                                .forEach(port -> isOneOf(name(policy), port.getPort(), containerPorts))));
        manifests
                .all(ServiceMonitor.class)
                .forEach(monitor -> monitor.getSpec()
                        .getEndpoints()
                        .forEach(endpoint -> require(
                                servicePorts.contains(endpoint.getPort()),
                                name(monitor) + " names a port that the Service has not: " + endpoint.getPort())));
        manifests
                .all(Ingress.class)
                .forEach(ingress -> ingress.getSpec()
                        .getRules()
                        .forEach(rule -> rule.getHttp().getPaths().forEach(path -> {
                            var backend = path.getBackend().getService();
                            require(
                                    backend.getName()
                                            .equals(service.getMetadata().getName()),
                                    name(ingress) + " goes to another Service: " + backend.getName());
                            require(
                                    servicePorts.contains(backend.getPort().getName()),
                                    name(ingress) + " names a port that the Service has not: "
                                            + backend.getPort().getName());
                        })));
    }

    private void isOneOf(String who, IntOrString port, Set<String> names) {
        require(
                port.getStrVal() != null && names.contains(port.getStrVal()),
                who + " names a port that the container has not: " + port.getValue());
    }

    private void scale() {
        for (HorizontalPodAutoscaler scaler : manifests.all(HorizontalPodAutoscaler.class)) {
            var target = scaler.getSpec().getScaleTargetRef();
            require(
                    target.getKind().equals(deployment.getKind())
                            && target.getApiVersion().equals(deployment.getApiVersion())
                            && target.getName().equals(deployment.getMetadata().getName()),
                    name(scaler) + " scales something else: " + target.getKind() + " " + target.getName());
            require(deployment.getSpec().getReplicas() == null, "an upgrade would undo what " + name(scaler) + " did");
        }
    }

    private void pod(String who, PodSpec pod) {
        List<String> volumes = pod.getVolumes().stream().map(Volume::getName).toList();
        unique(who + " has two volumes", volumes, Function.identity());
        Set<String> mounted = new HashSet<>();
        for (Container container : pod.getContainers()) {
            List<VolumeMount> mounts = container.getVolumeMounts();
            unique(who + " mounts two volumes at", mounts, VolumeMount::getMountPath);
            for (VolumeMount mount : mounts) {
                mounted.add(mount.getName());
                require(volumes.contains(mount.getName()), who + " mounts what is no volume: " + mount.getName());
            }
            unique(who + " sets twice", container.getEnv(), EnvVar::getName);
            container.getEnv().forEach(variable -> secret(who, variable));
        }
        volumes.forEach(volume -> require(mounted.contains(volume), who + " does not mount " + volume));
        pod.getVolumes().stream()
                .filter(volume -> volume.getPersistentVolumeClaim() != null)
                .map(volume -> volume.getPersistentVolumeClaim().getClaimName())
                .forEach(claim -> require(
                        exists(PersistentVolumeClaim.class, claim),
                        who + " names a claim that is not there: " + claim));
        String account = pod.getServiceAccountName();
        require(
                account == null || exists(ServiceAccount.class, account),
                who + " names an account that is not there: " + account);
    }

    private void secret(String who, EnvVar variable) {
        SecretKeySelector key =
                variable.getValueFrom() == null ? null : variable.getValueFrom().getSecretKeyRef();
        if (key == null || Boolean.TRUE.equals(key.getOptional()) || elsewhere.contains(key.getName())) {
            return;
        }
        require(
                manifests.all(Secret.class).stream()
                        .anyMatch(secret -> secret.getMetadata().getName().equals(key.getName())
                                && secret.getStringData().containsKey(key.getKey())),
                who + " takes " + variable.getName() + " from where it is not: " + key.getName() + "/" + key.getKey());
    }

    private <T extends HasMetadata> boolean exists(Class<T> type, String name) {
        return elsewhere.contains(name)
                || manifests.all(type).stream()
                        .anyMatch(object -> object.getMetadata().getName().equals(name));
    }

    private <T> void unique(String complaint, Collection<T> things, Function<T, String> key) {
        Map<String, T> seen = new HashMap<>();
        for (T thing : things) {
            require(seen.put(key.apply(thing), thing) == null, complaint + " " + key.apply(thing));
        }
    }

    private static Map<String, String> matchLabels(@Nullable LabelSelector selector) {
        return selector == null ? Map.of() : selector.getMatchLabels();
    }

    private static String name(HasMetadata object) {
        return object.getKind() + " " + object.getMetadata().getName();
    }

    private void require(boolean so, String complaint) {
        if (!so) {
            found.add(complaint);
        }
    }
}
