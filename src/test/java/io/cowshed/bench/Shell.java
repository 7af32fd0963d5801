package io.cowshed.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Runs what a person would type, and says how long it took. */
final class Shell {

    private final Path directory;

    /** {@code directory} is where commands run. */
    Shell(Path directory) {
        this.directory = directory;
    }

    /** Runs a script of bash's to its end, which must be a good one; answers its time in milliseconds. */
    double time(String script) throws IOException, InterruptedException {
        long start = System.nanoTime();
        run(script);
        return (System.nanoTime() - start) / 1e6;
    }

    /** As {@link #time}, for what it prints. */
    String run(String script) throws IOException, InterruptedException {
        Process process = new ProcessBuilder("bash", "-euo", "pipefail", "-c", script)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new AssertionError(script + "\n" + output);
        }
        return output;
    }
}
