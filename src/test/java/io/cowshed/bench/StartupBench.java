package io.cowshed.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The jar as {@code java -jar} starts it, with no options: until it is ready, what that costs, and what it takes when idle. */
@Tag("bench")
class StartupBench {

    private static final int STARTS = 5;
    private static final Duration IDLE = Duration.ofSeconds(90);
    private static final Pattern LISTENING = Pattern.compile("Tomcat started on port (\\d+)");
    private static final Pattern RESIDENT = Pattern.compile("VmRSS:\\s+(\\d+) kB");

    private final HttpClient http = HttpClient.newHttpClient();

    @Test
    void startsTheJar(@TempDir Path directory) throws Exception {
        Report report = new Report();
        Path jar = jar();
        double[] first = new double[STARTS];
        double[] again = new double[STARTS];
        double[] processor = new double[STARTS];
        double[] resident = new double[STARTS];
        for (int i = 0; i < STARTS; i++) {
            Path data = directory.resolve("data" + i);
            Started made = start(jar, data);
            first[i] = made.millis();
            stop(made.process());
            Started started = start(jar, data);
            again[i] = started.millis();
            processor[i] = started.processor().toMillis();
            TimeUnit.MILLISECONDS.sleep(i == 0 ? IDLE.toMillis() : IDLE.toMillis() / 3);
            resident[i] = resident(started.process());
            stop(started.process());
        }
        report.times("first start, until it is ready", first, "≤ 10 s");
        report.times("start, until it is ready", again, "≤ 10 s");
        report.times("processor time of that", processor, "");
        report.row(
                "resident when idle, %d s to %d s after the start".formatted(IDLE.toSeconds() / 3, IDLE.toSeconds()),
                "p50 %.0f MiB, most %.0f MiB".formatted(Report.median(resident), Report.percentile(resident, 100)),
                "",
                "",
                "≤ 320 MiB");
        report.print("Start and idle memory of the jar");
    }

    private record Started(Process process, double millis, Duration processor) {}

    private Started start(Path jar, Path data) throws IOException, InterruptedException {
        Path log = data.resolveSibling(data.getFileName() + ".log");
        Files.deleteIfExists(log);
        long begin = System.nanoTime();
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-jar",
                        jar.toString(),
                        "--server.port=0",
                        "--cowshed.data-dir=" + data)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        while (!isReady(log)) {
            assertThat(process.isAlive()).as("%s", log).isTrue();
            TimeUnit.MILLISECONDS.sleep(20);
        }
        double millis = (System.nanoTime() - begin) / 1e6;
        return new Started(process, millis, process.info().totalCpuDuration().orElseThrow());
    }

    private boolean isReady(Path log) throws IOException, InterruptedException {
        Matcher listening = LISTENING.matcher(Files.exists(log) ? Files.readString(log) : "");
        if (!listening.find()) {
            return false;
        }
        URI readiness = URI.create("http://127.0.0.1:" + listening.group(1) + "/actuator/health/readiness");
        return http.send(HttpRequest.newBuilder(readiness).build(), BodyHandlers.discarding())
                        .statusCode()
                == 200;
    }

    private static double resident(Process process) throws IOException {
        Matcher resident = RESIDENT.matcher(Files.readString(Path.of("/proc/" + process.pid() + "/status")));
        assertThat(resident.find()).isTrue();
        return Integer.parseInt(resident.group(1)) / 1024.0;
    }

    private static void stop(Process process) throws InterruptedException {
        process.destroy();
        assertThat(process.waitFor()).isEqualTo(143);
    }

    private static Path jar() throws IOException {
        try (Stream<Path> files = Files.list(Path.of("target"))) {
            List<Path> jars = files.filter(file -> file.getFileName().toString().matches("cowshed-.*\\.jar"))
                    .toList();
            assertThat(jars).as("the jar of mvn package").hasSize(1);
            return jars.getFirst().toAbsolutePath();
        }
    }
}
