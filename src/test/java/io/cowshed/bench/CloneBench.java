package io.cowshed.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.ApiClient;
import io.cowshed.testing.ServiceProcess;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Clones over HTTP beside {@code qemu-img create -b}, both on disk when they are counted. */
@Tag("bench")
class CloneBench {

    private static final int PAIRS = 9;
    private static final int CLONES_A_PAIR = 40;
    private static final int CLIENTS = 8;
    private static final int SECONDS = 4;
    private static final int WARM_UP_SECONDS = 50;

    private final AtomicInteger names = new AtomicInteger();

    @Test
    void clones(@TempDir Path directory) throws Exception {
        Report report = new Report();
        Shell shell = new Shell(directory);
        shell.run("mkdir theirs && qemu-img create -q -f qcow2 base.qcow2 8G && cp base.qcow2 theirs/");
        try (ServiceProcess service = ServiceProcess.start(directory, List.of(), List.of("-Xmx192m"))) {
            ApiClient api = service.api();
            assertThat(api.postJson("images", "{\"name\": \"base\", \"virtualSize\": \"8GiB\"}")
                            .status())
                    .isEqualTo(201);
            assertThat(api.post("images/base/seal").status()).isEqualTo(200);
            // Until the JVM has compiled what a clone runs through; a service that is up for a minute has.
            cloneFor(api, WARM_UP_SECONDS);
            one(api, shell, report);
            many(api, shell, report);
            batch(api, report);
        }
        report.print("Clones of an 8 GiB disk");
    }

    private void one(ApiClient api, Shell shell, Report report) throws Exception {
        double[] ours = new double[PAIRS];
        double[] theirs = new double[PAIRS];
        for (int pair = 0; pair < PAIRS; pair++) {
            double[] each = new double[CLONES_A_PAIR];
            for (int i = 0; i < CLONES_A_PAIR; i++) {
                long start = System.nanoTime();
                cloneOne(api);
                each[i] = (System.nanoTime() - start) / 1e6;
            }
            ours[pair] = Report.median(each);
            theirs[pair] = shell.time(
                            "for i in $(seq %d); do qemu-img create -q -f qcow2 -b base.qcow2 -F qcow2 theirs/%d-$i; done"
                                    .formatted(CLONES_A_PAIR, pair))
                    / CLONES_A_PAIR;
        }
        report.pairs("one clone, one client (`qemu-img create -b`, not even flushed)", ours, theirs, "≤ 1");
    }

    private void many(ApiClient api, Shell shell, Report report) throws Exception {
        double[] ours = new double[PAIRS];
        double[] theirs = new double[PAIRS];
        for (int pair = 0; pair < PAIRS; pair++) {
            ours[pair] = cloneFor(api, SECONDS) / (double) SECONDS;
            theirs[pair] = Integer.parseInt(
                            shell.run("""
                                    end=$((SECONDS + %d))
                                    for client in $(seq %d); do
                                      ( n=0
                                        while ((SECONDS < end)); do
                                          n=$((n + 1)); file=theirs/many-%d-$client-$n
                                          qemu-img create -q -f qcow2 -b base.qcow2 -F qcow2 $file && sync -d $file
                                        done
                                        echo $n ) &
                                    done | awk '{ sum += $1 } END { print sum }'
                                    """.formatted(SECONDS, CLIENTS, pair)).strip())
                    / (double) SECONDS;
        }
        report.rates("8 clients (`qemu-img create -b … && sync -d`)", ours, theirs, "≥ 3, towards 5");
    }

    private void batch(ApiClient api, Report report) {
        double[] each = new double[PAIRS * 3];
        for (int i = 0; i < each.length; i++) {
            String prefix = "batch-" + names.incrementAndGet() + "-";
            long start = System.nanoTime();
            ApiClient.Answer answer =
                    api.postJson("images/base/clones", "{\"namePrefix\": \"" + prefix + "\", \"count\": 100}");
            each[i] = (System.nanoTime() - start) / 1e6 / 100;
            assertThat(answer.status()).isEqualTo(201);
        }
        report.times("one of 100 clones made in one call", each, "< 1 ms");
    }

    private int cloneFor(ApiClient api, int seconds) throws InterruptedException {
        long end = System.nanoTime() + seconds * 1_000_000_000L;
        AtomicInteger made = new AtomicInteger();
        List<Thread> clients = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            clients.add(Thread.ofPlatform().start(() -> {
                while (System.nanoTime() < end) {
                    cloneOne(api);
                    made.incrementAndGet();
                }
            }));
        }
        for (Thread client : clients) {
            client.join();
        }
        return made.get();
    }

    private void cloneOne(ApiClient api) {
        ApiClient.Answer answer =
                api.postJson("images/base/clones", "{\"name\": \"clone-" + names.incrementAndGet() + "\"}");
        if (answer.status() != 201) {
            throw new AssertionError(answer);
        }
    }
}
