package io.cowshed;

import static io.cowshed.testing.Eventually.until;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.ApiClient;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.Background;
import io.cowshed.testing.ServiceProcess;
import java.io.IOException;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a SIGTERM does to those who are being served. That operations go to another replica is in {@link OperationDeathTests}. */
class ShutdownTests {

    private static final String RAW = "application/octet-stream";

    @Test
    void aReplicaSaysThatItLeavesAndLetsItsCallersFinishInTime(@TempDir Path directory) throws Exception {
        try (ServiceProcess service = ServiceProcess.start(
                directory,
                List.of(),
                "cowshed.shutdown.drain=PT3S",
                "spring.lifecycle.timeout-per-shutdown-phase=10s",
                "cowshed.operations.bandwidth=4KiB")) {
            ApiClient api = service.api();
            Path volume = directory.resolve("data/volume");
            assertThat(api.upload("images?name=base", RAW, new byte[1 << 20]).status())
                    .isEqualTo(201);
            assertThat(api.post("images/base/seal", "Prefer", "wait=60").status())
                    .isEqualTo(200);
            assertThat(api.upload("images?name=disk", RAW, randomMib()).status())
                    .isEqualTo(201);
            // It takes minutes.
            String operation = api.postJson("images/disk/copy", "{\"name\": \"copy\", \"scope\": \"flat\"}")
                    .json()
                    .path("id")
                    .asString();
            CompletableFuture<Answer> waiter =
                    Background.run(() -> api.get("operations/" + operation, "Prefer", "wait=60"));
            InputStream events = api.stream("operations/" + operation + "/events");
            CompletableFuture<String> stream = Background.run(() -> read(events));
            PipedOutputStream sender = new PipedOutputStream();
            CompletableFuture<Answer> upload = upload(api, "finished", sender);
            PipedOutputStream stalledSender = new PipedOutputStream();
            CompletableFuture<Answer> stalled = upload(api, "stalled", stalledSender);
            until(() -> files(volume.resolve("incoming")) >= 3);

            CompletableFuture<Integer> exit = Background.run(service::stop);
            until(() -> api.get("/actuator/health/readiness").status() == 503);
            // While it is drained it serves everyone.
            assertThat(api.get("/actuator/health/liveness").status()).isEqualTo(200);
            assertThat(api.postJson("images/base/clones", "{\"name\": \"late\"}")
                            .status())
                    .isEqualTo(201);

            assertThat(waiter.orTimeout(1, TimeUnit.MINUTES).join().status()).isEqualTo(200);
            assertThat(stream.orTimeout(1, TimeUnit.MINUTES).join())
                    .contains("event: progress")
                    .doesNotContain("event: end");
            sender.write(new byte[1 << 19]);
            sender.close();
            assertThat(upload.orTimeout(1, TimeUnit.MINUTES).join().status()).isEqualTo(201);
            assertThat(exit.orTimeout(1, TimeUnit.MINUTES).join()).isEqualTo(143);
            stalledSender.close();
            assertThat(stalled.handle((answer, failure) -> failure != null || answer.status() >= 400)
                            .orTimeout(1, TimeUnit.MINUTES)
                            .join())
                    .isTrue();
        }
        try (ServiceProcess service = ServiceProcess.start(directory, List.of())) {
            ApiClient api = service.api();
            assertThat(api.get("images/finished").status()).isEqualTo(200);
            assertThat(api.get("images/late").status()).isEqualTo(200);
            assertThat(api.get("images/stalled").status()).isEqualTo(404);
            until(() -> api.get("images/copy", "Prefer", "wait=1")
                    .json()
                    .path("state")
                    .asString()
                    .equals("available"));
            until(() -> files(directory.resolve("data/volume/incoming")) == 0);
        }
    }

    private static CompletableFuture<Answer> upload(ApiClient api, String name, PipedOutputStream sender)
            throws IOException {
        PipedInputStream body = new PipedInputStream(sender, 1 << 20);
        sender.write(new byte[1 << 19]);
        return Background.run(() -> api.upload("images?name=" + name, RAW, BodyPublishers.ofInputStream(() -> body)));
    }

    private static byte[] randomMib() {
        byte[] bytes = new byte[1 << 20];
        new java.util.Random(20261128).nextBytes(bytes);
        return bytes;
    }

    private static String read(InputStream stream) {
        try (stream) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static long files(Path directory) {
        try (Stream<Path> names = Files.list(directory)) {
            return names.count();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
