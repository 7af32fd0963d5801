package io.cowshed.engine.oracle;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;

/** Runs a tool that tests compare against. A tool that is missing or fails is a failure of the test. */
public final class OracleProcess {

    private OracleProcess() {}

    /** Runs the command, nothing on its standard input, and returns what it prints. */
    public static String run(List<String> command) {
        return run(command, Set.of(0));
    }

    /** {@code ends} are the exit statuses that are no failure. */
    static String run(List<String> command, Set<Integer> ends) {
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int status = process.waitFor();
            if (!ends.contains(status)) {
                throw new AssertionError(String.join(" ", command) + " ended with " + status + "\n" + output);
            }
            return output;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
