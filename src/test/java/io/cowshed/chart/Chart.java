package io.cowshed.chart;

import com.marcnuri.helm.DryRun;
import com.marcnuri.helm.Helm;
import com.marcnuri.helm.InstallCommand;
import com.marcnuri.helm.TemplateCommand;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * A copy of the chart, rendered by Helm's own code. In the copy the test hook is an ordinary manifest: what runs it leaves
 * hooks out of what it answers.
 */
final class Chart {

    /** Where it is kept. */
    static final Path KEPT = Path.of("helm/cowshed");

    static final String RELEASE = "disks";
    static final String NAMESPACE = "vms";

    private final Path directory;
    private final String release;

    private Chart(Path directory, String release) {
        this.directory = directory;
        this.release = release;
    }

    static Chart copy(Path directory) {
        try (Stream<Path> files = Files.walk(KEPT)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                Path to = directory.resolve(KEPT.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(to);
                } else {
                    Files.copy(file, to);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return new Chart(directory, RELEASE)
                .edit("templates/tests/answers.yaml", "helm.sh/hook: test", "example.com/was: hook");
    }

    /** The same, for a release of another name. */
    Chart as(String name) {
        return new Chart(directory, name);
    }

    /** Changes one place of one file, which must be there. */
    Chart edit(String file, String from, String to) {
        Path path = directory.resolve(file);
        try {
            String text = Files.readString(path);
            if (text.indexOf(from) < 0 || text.indexOf(from) != text.lastIndexOf(from)) {
                throw new IllegalArgumentException(file + " does not have this once: " + from);
            }
            Files.writeString(path, text.replace(from, to));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return this;
    }

    /**
     * What Helm would send to Kubernetes.
     *
     * @param values documents of values, each before those that follow it
     * @throws IllegalStateException with Helm's words, when it refuses them
     */
    String render(String... values) {
        TemplateCommand template = new Helm(directory)
                .template()
                .withName(release)
                .withNamespace(NAMESPACE)
                .withKubeVersion("1.30.0");
        return withFiles(values, files -> {
            files.forEach(template::withValuesFile);
            return template.call();
        });
    }

    /** What is rendered, read strictly. */
    Manifests manifests(String... values) {
        return Manifests.parse(render(values));
    }

    /** What is told to whoever installs it. */
    String notes(String... values) {
        InstallCommand install = new Helm(directory)
                .install()
                .withName(release)
                .withNamespace(NAMESPACE)
                .withKubeVersion("1.30.0")
                .dryRun()
                .clientOnly()
                .withDryRunOption(DryRun.CLIENT);
        String output = withFiles(values, files -> {
            files.forEach(install::withValuesFile);
            return install.call().getOutput();
        });
        return output.substring(output.indexOf("NOTES:"));
    }

    private static <T> T withFiles(String[] documents, Function<List<Path>, T> use) {
        List<Path> files = new ArrayList<>();
        try {
            for (String document : documents) {
                Path file = Files.createTempFile("values", ".yaml");
                files.add(file);
                Files.writeString(file, document);
            }
            return use.apply(files);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            for (Path file : files) {
                file.toFile().delete();
            }
        }
    }
}
