package io.cowshed.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.ApiClient;
import io.cowshed.testing.PostgresqlServer;
import io.cowshed.testing.ServiceProcess;
import io.cowshed.testing.TestDatabase;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Clones and reads with one, two and three replicas on one PostgreSQL and one volume, and reads while one of three dies. All
 * of it runs on this one machine, so that the last columns, the processors' work, say what bounds it.
 * {@code -Dcowshed.replicas.seconds=3} measures each for less long.
 */
@Tag("bench")
class ReplicasBench {

    private static final Duration EACH = Duration.ofSeconds(Integer.getInteger("cowshed.replicas.seconds", 15));
    private static final int CLIENTS = 12;
    private static final List<String> JVM = List.of("-Xmx320m");

    private final AtomicInteger names = new AtomicInteger();

    @Test
    void clonesAndReads(@TempDir Path directory) throws Exception {
        List<String> rows = new ArrayList<>();
        try (PostgresqlServer server = PostgresqlServer.start(directory.resolve("postgresql"));
                TestDatabase database = server.database()) {
            String[] properties = database.properties("cowshed.volume=" + directory.resolve("volume"));
            List<ServiceProcess> replicas = new ArrayList<>();
            replicas.add(ServiceProcess.start(directory.resolve("replica-1"), List.of(), JVM, properties));
            try {
                ApiClient first = replicas.getFirst().api();
                require(201, first.postJson("images", "{\"name\": \"base\", \"virtualSize\": \"8GiB\"}"));
                require(200, first.post("images/base/seal"));
                for (int count = 1; count <= 3; count++) {
                    if (count > 1) {
                        replicas.add(
                                replicas.getFirst().another(directory.resolve("replica-" + count), JVM, properties));
                    }
                    // Until the JVMs have compiled what a clone and a read run through.
                    run(replicas, this::cloneBase);
                    run(replicas, ReplicasBench::read);
                    rows.add(row(count + ", clones", run(replicas, this::cloneBase)));
                    rows.add(row(count + ", reads", run(replicas, ReplicasBench::read)));
                }
                Measured dying = runWhileOneDies(replicas);
                rows.add(row("3, reads while one dies", dying));
            } finally {
                replicas.forEach(ServiceProcess::close);
            }
        }
        print(rows);
    }

    @FunctionalInterface
    private interface Call {
        /** Returns whether it was answered as it should be. */
        boolean on(ApiClient api);
    }

    /**
     * What became of the calls of all clients.
     *
     * @param processors how many of the machine's processors worked, on average
     * @param database how many of them for PostgreSQL and the clients, beside the replicas
     */
    @SuppressWarnings("ArrayRecordComponent") // nobody compares them
    private record Measured(double[] millis, double perSecond, int broken, double processors, double database) {}

    private Measured run(List<ServiceProcess> replicas, Call call) throws Exception {
        return run(replicas, call, () -> {});
    }

    /** A third of the way into it. */
    private Measured runWhileOneDies(List<ServiceProcess> replicas) throws Exception {
        ServiceProcess victim = replicas.getLast();
        return run(replicas, ReplicasBench::read, victim::kill);
    }

    private Measured run(List<ServiceProcess> replicas, Call call, Runnable meanwhile) throws Exception {
        List<ApiClient> apis = replicas.stream().map(ServiceProcess::api).toList();
        ConcurrentLinkedQueue<Double> millis = new ConcurrentLinkedQueue<>();
        AtomicInteger broken = new AtomicInteger();
        AtomicBoolean over = new AtomicBoolean();
        List<Thread> clients = IntStream.range(0, CLIENTS)
                .mapToObj(client -> Thread.ofPlatform().start(() -> {
                    int turn = client;
                    while (!over.get()) {
                        long start = System.nanoTime();
                        // As a balancer does: what breaks is asked of the next.
                        while (!answered(call, apis.get(turn++ % apis.size()))) {
                            broken.incrementAndGet();
                        }
                        millis.add((System.nanoTime() - start) / 1e6);
                    }
                }))
                .toList();
        double machine = machineSeconds();
        double own = replicaSeconds(replicas);
        long start = System.nanoTime();
        Thread.sleep(EACH.dividedBy(3));
        double ownOfDead = replicaSeconds(replicas);
        meanwhile.run();
        Thread.sleep(EACH.multipliedBy(2).dividedBy(3));
        over.set(true);
        for (Thread client : clients) {
            client.join();
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        double[] all = millis.stream().mapToDouble(Double::doubleValue).toArray();
        double whole = (machineSeconds() - machine) / seconds;
        double ofReplicas = (Math.max(replicaSeconds(replicas), ownOfDead) - own) / seconds;
        return new Measured(all, all.length / seconds, broken.get(), whole, whole - ofReplicas);
    }

    private static boolean answered(Call call, ApiClient api) {
        try {
            return call.on(api);
        } catch (UncheckedIOException e) {
            return false;
        }
    }

    private boolean cloneBase(ApiClient api) {
        require(201, api.postJson("images/base/clones", "{\"name\": \"clone-" + names.incrementAndGet() + "\"}"));
        return true;
    }

    private static boolean read(ApiClient api) {
        require(200, api.get("images/base"));
        return true;
    }

    private static void require(int status, ApiClient.Answer answer) {
        assertThat(answer.status()).as("%s", answer).isEqualTo(status);
    }

    /** What all processors have worked since the machine was started, in seconds: user, nice and system of /proc/stat. */
    private static double machineSeconds() throws IOException {
        String[] fields = Files.readAllLines(Path.of("/proc/stat")).getFirst().split(" +", -1);
        return (Long.parseLong(fields[1]) + Long.parseLong(fields[2]) + Long.parseLong(fields[3])) / 100.0;
    }

    private static double replicaSeconds(List<ServiceProcess> replicas) {
        return replicas.stream()
                .mapToDouble(replica -> ProcessHandle.of(replica.pid())
                        .flatMap(process -> process.info().totalCpuDuration())
                        .map(time -> time.toMillis() / 1000.0)
                        .orElse(0.0))
                .sum();
    }

    private static String row(String work, Measured measured) {
        return "| %s | %.0f /s | %.1f ms | %.1f ms | %.0f ms | %d | %.1f | %.1f |"
                .formatted(
                        work,
                        measured.perSecond(),
                        Report.median(measured.millis()),
                        Report.percentile(measured.millis(), 99),
                        Report.percentile(measured.millis(), 100),
                        measured.broken(),
                        measured.processors(),
                        measured.database());
    }

    private static void print(List<String> rows) throws IOException {
        System.out.println();
        System.out.println("## Replicas on one PostgreSQL, " + CLIENTS + " clients");
        System.out.println();
        System.out.println(Report.machine());
        System.out.println();
        System.out.println(
                "| replicas, work | rate | p50 | p99 | longest | broken | processors at work | of which not the replicas' |");
        System.out.println("|---|---|---|---|---|---|---|---|");
        rows.forEach(System.out::println);
        System.out.println();
    }
}
