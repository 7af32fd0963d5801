package io.cowshed.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.ci.Sender;
import io.cowshed.testing.ApiClient;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.TestService;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Webhooks at fifty a second, each from when it should be sent until its disk is listed: whoever is late has waited. */
@Tag("bench")
class HookBench {

    private static final int A_SECOND = 50;
    private static final int WARM_UP_SECONDS = 30;
    private static final int SECONDS = 60;

    @ParameterizedTest
    @EnumSource(TestDatabase.Kind.class)
    void fiftyASecond(TestDatabase.Kind kind, @TempDir Path directory) throws Exception {
        Report report = new Report();
        try (TestDatabase database = TestDatabase.create(kind);
                TestService service = TestService.start(database, directory)) {
            ApiClient api = service.api();
            assertThat(api.postJson("images", "{\"name\": \"base\", \"virtualSize\": \"8GiB\"}")
                            .status())
                    .isEqualTo(201);
            assertThat(api.post("images/base/seal").status()).isEqualTo(200);
            Sender sender = Sender.of(
                    service,
                    "{\"name\": \"bench\", \"provider\": \"github\", \"rules\": [{\"image\": \"base\","
                            + " \"name\": \"ci-{{job.id}}\", \"ttl\": \"PT6H\"}]}");
            run(sender, api, 1_000_000, WARM_UP_SECONDS);
            double[] millis = run(sender, api, 2_000_000, SECONDS);
            report.row(
                    "a job's disk, from the webhook until it is listed, 50 webhooks a second",
                    "p50 %.1f ms, p99 %.1f ms, most %.1f ms"
                            .formatted(
                                    Report.median(millis),
                                    Report.percentile(millis, 99),
                                    Report.percentile(millis, 100)),
                    "",
                    "",
                    "p99 < 100 ms");
        }
        report.print("Disks for CI jobs on " + kind);
    }

    private static double[] run(Sender sender, ApiClient api, int firstJob, int seconds) throws Exception {
        List<Future<Double>> all = new ArrayList<>();
        try (ExecutorService senders = Executors.newFixedThreadPool(16)) {
            long begin = System.nanoTime();
            for (int i = 0; i < seconds * A_SECOND; i++) {
                long due = begin + i * (1_000_000_000L / A_SECOND);
                LockSupport.parkNanos(due - System.nanoTime());
                String job = String.valueOf(firstJob + i);
                all.add(senders.submit(() -> {
                    Answer answer = sender.github(
                            "workflow_job",
                            "d-" + job,
                            Sender.body(
                                    "github-workflow_job-queued.json",
                                    Map.of("id", job, "run", "7", "ref", "main", "name", "build")));
                    Answer listed = api.get("images?label=ci.job%3D" + job);
                    if (answer.status() != 202 || listed.json().path("items").size() != 1) {
                        throw new AssertionError(answer + " " + listed);
                    }
                    return (System.nanoTime() - due) / 1e6;
                }));
            }
        }
        double[] millis = new double[all.size()];
        for (int i = 0; i < millis.length; i++) {
            millis[i] = all.get(i).get();
        }
        return millis;
    }
}
