package io.cowshed.engine.posix;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.cowshed.testing.Exits;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A {@code qemu-io} that has a file open, as a running guest would, until closed. */
public final class LiveQemuIo implements AutoCloseable {

    private final Process process;
    private final Writer input;
    private final BufferedReader output;

    private LiveQemuIo(Process process) {
        this.process = process;
        this.input = process.outputWriter();
        this.output = process.inputReader();
    }

    public static LiveQemuIo writing(Path file, String format) throws IOException {
        return start(List.of("-f", format, file.toString()));
    }

    public static LiveQemuIo reading(Path file, String format) throws IOException {
        return start(List.of("-r", "-f", format, file.toString()));
    }

    /** The exit code and output of a {@code qemu-io} that opens the file and leaves at once. */
    public static Outcome attempt(Path file, String format, boolean writing) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("qemu-io", "-f", format));
        if (!writing) {
            command.add("-r");
        }
        command.addAll(List.of("-c", "length", file.toString()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        return new Outcome(process.waitFor(), output);
    }

    public record Outcome(int exit, String output) {}

    private static LiveQemuIo start(List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("qemu-io"));
        command.addAll(arguments);
        LiveQemuIo live = new LiveQemuIo(
                new ProcessBuilder(command).redirectErrorStream(true).start());
        try {
            live.command("length", "B|bytes");
        } catch (IOException e) {
            live.process.destroy();
            throw e;
        }
        return live;
    }

    /**
     * Runs a command and returns when a line of its output ends with {@code lastLine}, a regular expression. One at a time:
     * qemu-io looks at its input again only when more arrives, and so would leave a second line lying.
     */
    public void command(String command, String lastLine) throws IOException {
        input.write(command + "\n");
        input.flush();
        List<String> seen = new ArrayList<>();
        String line;
        do {
            line = output.readLine();
            if (line == null) {
                throw new IOException("qemu-io ended: " + seen);
            }
            seen.add(line);
            if (line.contains("no file open")) {
                throw new IOException("qemu-io has no file open: " + seen);
            }
        } while (!line.matches(".*(" + lastLine + ")"));
    }

    public long pid() {
        return process.pid();
    }

    @Override
    public void close() throws IOException {
        input.write("quit\n");
        input.close();
        if (Exits.of(process) != 0) {
            throw new IOException("qemu-io failed");
        }
        output.close();
    }
}
