package io.cowshed;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.oracle.QemuIo;
import io.cowshed.testing.ApiClient;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.ServiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * {@code kill -9} in the middle of the removal of an image with five children. At every moment each child reads as before, and
 * in the end all are done. {@code -Dcowshed.kills=20} sets how many times.
 */
class SpliceKillTests {

    private static final int KILLS = Math.min(20, Integer.getInteger("cowshed.kills", 1));
    private static final long SEED = Long.getLong("cowshed.seed", 20261120L);
    private static final int CHILDREN = 5;
    private static final int MISSING = 4 << 20;
    private static final String WAIT = "wait=60";

    /** A dead replica is noticed within seconds; each child takes one. */
    private static final String[] PROPERTIES = {
        "db-scheduler.heartbeat-interval=500ms",
        "db-scheduler.polling-interval=200ms",
        "cowshed.operations.bandwidth=4MiB"
    };

    private final Map<Path, byte[]> children = new LinkedHashMap<>();

    @Test
    @Timeout(300)
    void everyChildIsDoneInTheEnd(@TempDir Path directory) throws Exception {
        Random random = new Random(SEED);
        ServiceProcess service = ServiceProcess.start(directory, List.of(), PROPERTIES);
        String node;
        String operation;
        try {
            node = makeChildren(service.api(), directory, random);
            Answer accepted = service.api().delete("images/node?children=redirect&purge=true");
            assertThat(accepted.status()).as("%s", accepted).isEqualTo(202);
            operation = accepted.json().path("id").asString();
            for (int kill = 0; kill < KILLS; kill++) {
                long until = random.nextLong(MISSING / 2, 2L * MISSING);
                JsonNode before = awaitProgress(service.api(), operation, kill + 1, until);
                service.kill();
                for (Map.Entry<Path, byte[]> child : children.entrySet()) {
                    assertThat(QemuImg.content(child.getKey(), "qcow2"))
                            .as("%s, killed at %s", child.getKey(), before)
                            .isEqualTo(child.getValue());
                }
                service = ServiceProcess.start(directory, List.of(), PROPERTIES);
            }
            JsonNode ended =
                    service.api().get("operations/" + operation, "Prefer", WAIT).json();
            assertThat(ended.path("state").asString()).as("%s", ended).isEqualTo("succeeded");
            assertThat(ended.path("result").path("children").asInt()).isEqualTo(CHILDREN);
        } finally {
            service.close();
        }
        try (ServiceProcess last = ServiceProcess.start(directory, List.of(), PROPERTIES)) {
            check(last.api(), directory, node);
        }
    }

    /** Answers when as much was done in this attempt, or all is over. */
    private static JsonNode awaitProgress(ApiClient api, String operation, int attempts, long bytes) {
        while (true) {
            JsonNode now =
                    api.get("operations/" + operation, "Prefer", "wait=1").json();
            boolean isOver = !now.path("finishedAt").isNull();
            boolean isFarEnough = now.path("attempts").asInt() >= attempts
                    && now.path("progress").path("doneBytes").asLong() >= bytes;
            if (isOver || isFarEnough) {
                return now;
            }
        }
    }

    private String makeChildren(ApiClient api, Path directory, Random random) throws IOException {
        byte[] disk = new byte[8 << 20];
        random.nextBytes(disk);
        made(api.upload("images?name=base", "application/octet-stream", disk));
        made(api.post("images/base/seal", "Prefer", WAIT));
        Path node = file(made(api.postJson("images/base/clones", "{\"name\": \"node\"}")), directory);
        QemuIo.run(node, "qcow2", List.of("write -P 9 1M " + MISSING));
        made(api.post("images/node/seal", "Prefer", WAIT));
        String id = api.get("images/node").json().path("id").asString();
        for (int child = 1; child <= CHILDREN; child++) {
            Path file =
                    file(made(api.postJson("images/node/clones", "{\"name\": \"child-" + child + "\"}")), directory);
            QemuIo.run(file, "qcow2", List.of("write -P " + child + " 2M 100k"));
            children.put(file, QemuImg.content(file, "qcow2"));
        }
        return id;
    }

    private void check(ApiClient api, Path directory, String node) throws IOException {
        assertThat(api.get("images/" + node).problem()).isEqualTo("not-found");
        for (int child = 1; child <= CHILDREN; child++) {
            JsonNode image = api.get("images/child-" + child).json();
            assertThat(image.path("parent").path("name").asString()).isEqualTo("base");
            assertThat(image.path("operation").isNull()).isTrue();
        }
        assertThat(api.get("images/base").json().path("children").asInt()).isEqualTo(CHILDREN);
        for (Map.Entry<Path, byte[]> child : children.entrySet()) {
            assertThat(QemuImg.content(child.getKey(), "qcow2")).isEqualTo(child.getValue());
            assertThat(QemuImg.check(child.getKey())).doesNotContainKeys("corruptions", "leaks");
        }
        Path volume = directory.resolve("data/volume");
        assertThat(volume.resolve("images").toFile().list()).hasSize(CHILDREN + 1);
        assertThat(volume.resolve("incoming")).isEmptyDirectory();
        assertThat(volume.resolve("retired")).isEmptyDirectory();
        assertThat(Files.exists(volume.resolve("images/" + node + ".qcow2"))).isFalse();
    }

    private static Answer made(Answer answer) {
        assertThat(answer.status()).as("%s", answer).isBetween(200, 201);
        return answer;
    }

    private static Path file(Answer image, Path directory) {
        return directory
                .resolve("data/volume")
                .resolve(image.json().path("path").asString());
    }
}
