package io.cowshed.chart;

import com.marcnuri.helm.DryRun;
import com.marcnuri.helm.Helm;
import com.marcnuri.helm.InstallCommand;
import com.marcnuri.helm.LintResult;
import com.marcnuri.helm.TemplateCommand;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import tools.jackson.databind.json.JsonMapper;

/** Helm's own code, which does what it is asked for on standard input, a line each, and answers on standard output. */
final class HelmProgram {

    private static final JsonMapper JSON = new JsonMapper();

    private HelmProgram() {}

    enum Verb {
        TEMPLATE,
        NOTES,
        LINT
    }

    /** What is asked for: of a chart's directory, with these files of values. */
    record Call(Verb verb, String chart, String release, String namespace, List<String> values) {}

    /** What comes of it, or how it is refused. */
    record Answer(boolean refused, String text) {}

    public static void main(String[] arguments) throws IOException {
        BufferedReader calls = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = calls.readLine(); line != null; line = calls.readLine()) {
            System.out.println(JSON.writeValueAsString(answer(JSON.readValue(line, Call.class))));
        }
    }

    private static Answer answer(Call call) {
        try {
            return switch (call.verb()) {
                case TEMPLATE -> new Answer(false, template(call));
                case NOTES -> new Answer(false, install(call));
                case LINT -> {
                    LintResult result = helm(call).lint().strict().call();
                    yield new Answer(result.isFailed(), String.join("\n", result.getMessages()));
                }
            };
        } catch (IllegalStateException e) {
            return new Answer(true, String.valueOf(e.getMessage()));
        }
    }

    private static String template(Call call) {
        TemplateCommand template = helm(call)
                .template()
                .withName(call.release())
                .withNamespace(call.namespace())
                .withKubeVersion("1.30.0");
        call.values().forEach(file -> template.withValuesFile(Path.of(file)));
        return template.call();
    }

    private static String install(Call call) {
        InstallCommand install = helm(call)
                .install()
                .withName(call.release())
                .withNamespace(call.namespace())
                .withKubeVersion("1.30.0")
                .dryRun()
                .clientOnly()
                .withDryRunOption(DryRun.CLIENT);
        call.values().forEach(file -> install.withValuesFile(Path.of(file)));
        return install.call().getOutput();
    }

    private static Helm helm(Call call) {
        return new Helm(Path.of(call.chart()));
    }
}
