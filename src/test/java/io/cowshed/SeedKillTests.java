package io.cowshed;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.testing.ApiClient;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.ServiceProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * {@code kill -9} while clones get seed disks, other ones, and lose them. Afterwards there is a file for each that the
 * catalogue has, the one that was made with its row, and no other. {@code -Dcowshed.kills=50} sets how many times.
 */
class SeedKillTests {

    private static final int KILLS = Integer.getInteger("cowshed.kills", 1);
    private static final long SEED = Long.getLong("cowshed.seed", 20261121L);
    private static final String CONTENT = "{\"userData\": \"#!/bin/true\"}";
    private static final int CALLERS = 4;
    private static final int CLONES_EACH = 4;

    /** The instance-id that was last acknowledged; empty for no seed disk. What is not known is left out. */
    private final Map<String, String> acknowledged = new ConcurrentHashMap<>();

    private final AtomicInteger names = new AtomicInteger();

    @Test
    void rowsAndFilesAgree(@TempDir Path directory) throws Exception {
        Random random = new Random(SEED);
        for (int kill = 0; kill < KILLS; kill++) {
            load(directory, random, kill == 0);
            check(directory);
        }
    }

    private static void makeClones(ApiClient api) {
        api.postJson("images", "{\"name\": \"base\", \"virtualSize\": 1048576}");
        assertThat(api.post("images/base/seal", "Prefer", "wait=30").status()).isEqualTo(200);
        for (int i = 0; i < CALLERS * CLONES_EACH; i++) {
            assertThat(api.postJson("images/base/clones", "{\"name\": \"clone-" + i + "\"}")
                            .status())
                    .isEqualTo(201);
        }
    }

    /** Each caller has clones of his own. */
    private void load(Path directory, Random random, boolean first) throws InterruptedException {
        ServiceProcess service = ServiceProcess.start(directory, List.of());
        if (first) {
            makeClones(service.api());
        }
        AtomicInteger calls = new AtomicInteger();
        int killAfter = 30 + random.nextInt(60);
        List<Thread> callers = IntStream.range(0, CALLERS)
                .mapToObj(caller -> {
                    Random own = new Random(random.nextLong());
                    return Thread.ofVirtual().start(() -> {
                        try {
                            while (true) {
                                if (calls.incrementAndGet() == killAfter) {
                                    Thread.ofPlatform().start(service::kill);
                                }
                                int clone = caller * CLONES_EACH + own.nextInt(CLONES_EACH);
                                call(service.api(), "clone-" + clone, own);
                            }
                        } catch (UncheckedIOException e) {
                            // Killed: this call was not acknowledged.
                        }
                    });
                })
                .toList();
        for (Thread caller : callers) {
            caller.join();
        }
        service.kill();
    }

    private void call(ApiClient api, String name, Random random) {
        if (random.nextInt(3) == 0) {
            String fresh = "fresh-" + names.incrementAndGet();
            Answer made =
                    api.postJson("images/base/clones", "{\"name\": \"" + fresh + "\", \"seed\": " + CONTENT + "}");
            assertThat(instance(made, made.json().path("seed"))).isNotEmpty();
            assertThat(api.delete("images/" + fresh + "?purge=true").status()).isEqualTo(204);
            return;
        }
        acknowledged.remove(name);
        if (random.nextInt(4) == 0) {
            assertThat(api.delete("images/" + name + "/seed").status()).isIn(204, 404);
            acknowledged.put(name, "");
        } else {
            Answer put = api.call(
                    "PUT",
                    "images/" + name + "/seed",
                    BodyPublishers.ofString(CONTENT),
                    "Content-Type",
                    "application/json");
            acknowledged.put(name, instance(put, put.json()));
        }
    }

    private static String instance(Answer answer, JsonNode seed) {
        assertThat(answer.status()).as("%s", answer).isIn(200, 201);
        return seed.path("instanceId").asString();
    }

    private void check(Path directory) throws IOException {
        Path volume = directory.resolve("data/volume");
        try (ServiceProcess service = ServiceProcess.start(directory, List.of())) {
            assertThat(acknowledged).as("the load did something").hasSizeGreaterThan(1);
            Set<String> files = new TreeSet<>();
            for (JsonNode image : service.api().get("images?limit=1000").json().path("items")) {
                JsonNode seed = image.path("seed");
                String known = acknowledged.get(image.path("name").asString());
                if (known != null) {
                    assertThat(seed.path("instanceId").asString("")).isEqualTo(known);
                }
                if (!seed.isNull()) {
                    Path file = volume.resolve(seed.path("path").asString());
                    files.add("seeds/" + file.getFileName());
                    QemuImg.run("check", file.toString());
                    assertThat(new String(QemuImg.content(file, "qcow2"), StandardCharsets.ISO_8859_1))
                            .contains(seed.path("instanceId").asString());
                }
            }
            assertThat(names(volume, "seeds")).isEqualTo(files);
            assertThat(names(volume, "incoming")).isEmpty();
            assertThat(names(volume, "retired")).isEmpty();
        }
    }

    private static Set<String> names(Path volume, String part) throws IOException {
        try (Stream<Path> files = Files.list(volume.resolve(part))) {
            return files.map(file -> part + "/" + file.getFileName()).collect(Collectors.toCollection(TreeSet::new));
        }
    }
}
