package io.cowshed.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** The service as a process of its own, to be killed at any moment; as the jar that {@code -Dcowshed.jar} names, if it does. */
public final class ServiceProcess implements AutoCloseable {

    /** The jar that is run; the classes under test where none is named. */
    private static final String JAR = System.getProperty("cowshed.jar", "");

    private static final Pattern LISTENING = Pattern.compile("Tomcat started on port (\\d+)");
    private static final Pattern READY = Pattern.compile("access token (was made|is in)");
    private static final Pattern STARTED = Pattern.compile("Started CowshedApplication in");

    /** A compiler that is quick to start suits a service that is soon to be killed. */
    static final List<String> QUICK_TO_START = List.of("-Xmx192m", "-XX:TieredStopAtLevel=1");

    private final Process process;
    private final ApiClient api;
    private boolean paused;

    private ServiceProcess(Process process, ApiClient api) {
        this.process = process;
        this.api = api;
    }

    /**
     * Starts it and returns when it answers.
     *
     * @param directory holds its data directory and volume
     * @param wrapper a command to run it under, such as {@code strace} with its options; empty for none
     * @param properties more of them, as {@code key=value}
     */
    public static ServiceProcess start(Path directory, List<String> wrapper, String... properties) {
        return start(directory, wrapper, QUICK_TO_START, properties);
    }

    /** As above, with other options for its JVM. */
    public static ServiceProcess start(
            Path directory, List<String> wrapper, List<String> jvmOptions, String... properties) {
        try {
            Process process = launch(directory, wrapper, jvmOptions, properties);
            int port = awaitLine(process, READY);
            return new ServiceProcess(
                    process,
                    new ApiClient(
                            port,
                            Files.readString(directory.resolve("data/admin-token"))
                                    .strip()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts another one, which has its own data directory and knows the token of this one by their database. */
    public ServiceProcess another(Path directory, String... properties) {
        return another(directory, QUICK_TO_START, properties);
    }

    /** As above, with other options for its JVM. */
    public ServiceProcess another(Path directory, List<String> jvmOptions, String... properties) {
        try {
            Process process = launch(directory, List.of(), jvmOptions, properties);
            return new ServiceProcess(process, api.at(awaitLine(process, STARTED)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Starts several at the same time, each with a data directory of its own, and returns when all of them answer. On a new
     * database one of them makes the administrator's token, which all of them take.
     */
    public static List<ServiceProcess> startTogether(List<Path> directories, String... properties) {
        List<Process> processes = new ArrayList<>();
        try {
            for (Path directory : directories) {
                processes.add(launch(directory, List.of(), QUICK_TO_START, properties));
            }
            List<Integer> ports = new ArrayList<>();
            for (Process process : processes) {
                ports.add(awaitLine(process, STARTED));
            }
            ports.forEach(ServiceProcess::awaitReadiness);
            String token = onlyToken(directories);
            return IntStream.range(0, processes.size())
                    .mapToObj(i -> new ServiceProcess(processes.get(i), new ApiClient(ports.get(i), token)))
                    .toList();
        } catch (IOException e) {
            processes.forEach(Process::destroyForcibly);
            throw new UncheckedIOException(e);
        } catch (AssertionError e) {
            processes.forEach(Process::destroyForcibly);
            throw e;
        }
    }

    private static String onlyToken(List<Path> directories) throws IOException {
        List<String> tokens = new ArrayList<>();
        for (Path directory : directories) {
            Path file = directory.resolve("data/admin-token");
            if (Files.exists(file)) {
                tokens.add(Files.readString(file).strip());
            }
        }
        if (tokens.size() != 1) {
            throw new AssertionError(tokens.size() + " of the replicas made an administrator's token");
        }
        return tokens.getFirst();
    }

    /** It says that it has started before it has made the first token, and is ready after that. */
    private static void awaitReadiness(int port) {
        ApiClient anybody = new ApiClient(port, "");
        Eventually.until(() -> anybody.get("/actuator/health/readiness").status() == 200);
    }

    /** How a command ended, or a start that was not to succeed. */
    public record Ended(int exit, String output) {

        /**
         * That the start has failed for a reason that is told, without a stack trace.
         *
         * @return Spring Boot's report of it, which is the last thing on the console
         */
        public String requireReport(String problem, String remedy) {
            assertThat(exit).as(output).isEqualTo(1);
            assertThat(output).contains("APPLICATION FAILED TO START").doesNotContain("\tat ");
            String report = output.substring(output.indexOf("APPLICATION FAILED TO START"));
            assertThat(report).containsSubsequence("Description:", problem, "Action:", remedy);
            return report;
        }
    }

    /**
     * Runs a command that needs no service, such as {@code rescue}, and returns when it has ended.
     *
     * @param wrapper a command to run it under; empty for none
     */
    public static Ended command(List<String> wrapper, String... arguments) {
        List<String> command = java(wrapper, QUICK_TO_START);
        command.addAll(List.of(arguments));
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new Ended(Exits.of(process), output);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts it, and returns when it has ended by itself. */
    public static Ended refused(Path directory, String... properties) {
        return refused(directory, List.of(), properties);
    }

    /** As above, under a wrapper as for {@link #start}. */
    public static Ended refused(Path directory, List<String> wrapper, String... properties) {
        try {
            Process process = launch(directory, wrapper, QUICK_TO_START, properties);
            StringBuilder output = new StringBuilder();
            BufferedReader lines = process.inputReader();
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                output.append(line).append('\n');
                if (READY.matcher(line).find()) {
                    Exits.of(process.destroyForcibly());
                    throw new AssertionError("the service started:\n" + output);
                }
            }
            return new Ended(Exits.of(process), output.toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Process launch(Path directory, List<String> wrapper, List<String> jvmOptions, String... properties)
            throws IOException {
        List<String> command = java(wrapper, jvmOptions);
        command.add("--server.port=0");
        command.add("--cowshed.data-dir=" + directory.resolve("data"));
        for (String property : properties) {
            command.add("--" + property);
        }
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    /** How to start a JVM for it, without the program. */
    static List<String> jvm(List<String> options) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.add("--enable-native-access=ALL-UNNAMED");
        return command;
    }

    private static List<String> java(List<String> wrapper, List<String> jvmOptions) {
        List<String> command = new ArrayList<>(wrapper);
        command.addAll(jvm(jvmOptions));
        command.addAll(JAR.isEmpty() ? ServiceClasses.options() : List.of("-jar", JAR));
        return command;
    }

    /** Returns the port that it listens on, once it has said that. */
    private static int awaitLine(Process process, Pattern last) throws IOException {
        BufferedReader output =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        StringBuilder seen = new StringBuilder();
        int port = 0;
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            seen.append(line).append('\n');
            Matcher listening = LISTENING.matcher(line);
            if (listening.find()) {
                port = Integer.parseInt(listening.group(1));
            }
            if (last.matcher(line).find()) {
                Thread.ofVirtual().start(() -> drain(output));
                return port;
            }
        }
        throw new AssertionError("the service did not start:\n" + seen);
    }

    private static void drain(BufferedReader output) {
        try {
            output.transferTo(Writer.nullWriter());
        } catch (IOException e) {
            // It was killed.
        }
    }

    public ApiClient api() {
        return api;
    }

    public int port() {
        return api.port();
    }

    public long pid() {
        return process.pid();
    }

    /** Ends it as {@code kill -9} does, and returns when it is gone. */
    public void kill() {
        process.children().forEach(ProcessHandle::destroyForcibly);
        Exits.of(process.destroyForcibly());
    }

    /** Lets it do nothing at all until {@link #resume()}. */
    public void pause() {
        Signals.send("STOP", LongStream.of(pid()));
        paused = true;
    }

    /** Lets it go on as if nothing had been. */
    public void resume() {
        Signals.send("CONT", LongStream.of(pid()));
        paused = false;
    }

    /** Ends it in good order. */
    @Override
    public void close() {
        stop();
    }

    /** As {@link #close()}, in the middle of a test; returns the exit code. */
    public int stop() {
        // One that is paused would not hear of it. Another may be dead by now, and its number somebody else's.
        if (paused) {
            resume();
        }
        // A wrapper such as strace keeps such signals to itself, and ends with what it wraps.
        process.children().findFirst().orElse(process.toHandle()).destroy();
        return Exits.of(process);
    }
}
