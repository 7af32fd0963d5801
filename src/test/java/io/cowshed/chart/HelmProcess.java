package io.cowshed.chart;

import io.cowshed.chart.HelmProgram.Answer;
import io.cowshed.chart.HelmProgram.Call;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * {@link HelmProgram} in a process of its own, one for all tests. It is written in Go, and where its library is loaded Go's runtime
 * takes signals that the JVM needs: a JVM that has it says no more what its threads do.
 */
final class HelmProcess {

    private static final JsonMapper JSON = new JsonMapper();

    private static @Nullable Process process;

    private HelmProcess() {}

    /** Asks it, and waits for the answer. */
    static synchronized Answer ask(Call call) {
        try {
            Process helm = running();
            BufferedWriter calls = helm.outputWriter(StandardCharsets.UTF_8);
            calls.write(JSON.writeValueAsString(call));
            calls.newLine();
            calls.flush();
            BufferedReader answers = helm.inputReader(StandardCharsets.UTF_8);
            return JSON.readValue(Objects.requireNonNull(answers.readLine(), "Helm has ended"), Answer.class);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Process running() throws IOException {
        Process running = process;
        if (running == null || !running.isAlive()) {
            running = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-XX:+UseSerialGC",
                            "-XX:TieredStopAtLevel=1",
                            "--enable-native-access=ALL-UNNAMED",
                            "-cp",
                            System.getProperty("java.class.path"),
                            HelmProgram.class.getName())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            Runtime.getRuntime().addShutdownHook(new Thread(running::destroyForcibly));
            process = running;
        }
        return running;
    }
}
