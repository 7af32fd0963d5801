package io.cowshed.chart;

import io.cowshed.chart.HelmProgram.Answer;
import io.cowshed.chart.HelmProgram.Call;
import io.cowshed.chart.HelmProgram.Verb;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
        return call(Verb.TEMPLATE, values);
    }

    /** What is rendered, read strictly. */
    Manifests manifests(String... values) {
        return Manifests.parse(render(values));
    }

    /** What is told to whoever installs it. */
    String notes(String... values) {
        String output = call(Verb.NOTES, values);
        return output.substring(output.indexOf("NOTES:"));
    }

    /** What strict lint says of a chart, and whether it refuses it. */
    static Answer lint(Path chart) {
        return HelmProcess.ask(new Call(Verb.LINT, chart.toAbsolutePath().toString(), RELEASE, NAMESPACE, List.of()));
    }

    private String call(Verb verb, String... documents) {
        List<String> files = new ArrayList<>();
        try {
            for (String document : documents) {
                Path file = Files.createTempFile("values", ".yaml");
                files.add(file.toString());
                Files.writeString(file, document);
            }
            Answer answer =
                    HelmProcess.ask(new Call(verb, directory.toAbsolutePath().toString(), release, NAMESPACE, files));
            if (answer.refused()) {
                throw new IllegalStateException(answer.text());
            }
            return answer.text();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            for (String file : files) {
                Path.of(file).toFile().delete();
            }
        }
    }
}
