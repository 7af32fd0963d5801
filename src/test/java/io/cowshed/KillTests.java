package io.cowshed;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.testing.ApiClient;
import io.cowshed.testing.ServiceProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * {@code kill -9} at random moments of a load of imports, clones and removals. Afterwards every catalogued image has a
 * good file, what was acknowledged is true, and nothing half-made is left. {@code -Dcowshed.kills=50} sets how many times.
 */
class KillTests {

    private static final int KILLS = Integer.getInteger("cowshed.kills", 2);
    private static final long SEED = Long.getLong("cowshed.seed", 20261120L);

    /** What the load was told: the names it was told to be there, and those it was told to be gone. */
    private final Map<String, Boolean> acknowledged = new ConcurrentHashMap<>();

    private final AtomicInteger names = new AtomicInteger();

    /** Files that were good before, and that nobody writes to. */
    private final Set<String> checked = new HashSet<>();

    @Test
    void nothingIsLostOrHalfMade(@TempDir Path directory) throws Exception {
        Random random = new Random(SEED);
        makeBase(directory);
        for (int kill = 0; kill < KILLS; kill++) {
            load(directory, random);
            checkAfterRestart(directory);
        }
        assertThat(acknowledged).as("the load did something").hasSizeGreaterThan(KILLS);
    }

    private void makeBase(Path directory) {
        try (ServiceProcess service = ServiceProcess.start(directory, List.of())) {
            assertThat(upload(service.api(), "base", new Random(SEED)).status()).isEqualTo(201);
            assertThat(service.api().post("images/base/seal").status()).isEqualTo(200);
            acknowledged.put("base", true);
        }
    }

    /** Puts load on the service until it is killed, some way into one of the calls. */
    private void load(Path directory, Random random) throws InterruptedException {
        ServiceProcess service = ServiceProcess.start(directory, List.of());
        List<Thread> callers = new ArrayList<>();
        AtomicInteger calls = new AtomicInteger();
        int killAfter = 3 + random.nextInt(60);
        for (int caller = 0; caller < 4; caller++) {
            Random own = new Random(random.nextLong());
            callers.add(Thread.ofVirtual().start(() -> {
                try {
                    while (true) {
                        if (calls.incrementAndGet() == killAfter) {
                            Thread.ofPlatform().start(service::kill);
                        }
                        call(service.api(), own);
                    }
                } catch (UncheckedIOException e) {
                    // Killed: this call was not acknowledged.
                }
            }));
        }
        for (Thread caller : callers) {
            caller.join();
        }
        service.kill();
    }

    private void call(ApiClient api, Random random) {
        String name = "disk-" + names.incrementAndGet();
        switch (random.nextInt(4)) {
            case 0 -> settle(name, upload(api, name, random).status() == 201);
            case 1 ->
                settle(
                        name,
                        api.postJson("images/base/clones", "{\"name\": \"" + name + "\"}")
                                        .status()
                                == 201);
            case 2 -> {
                if (api.postJson("images/base/clones", "{\"namePrefix\": \"" + name + "-\", \"count\": 9}")
                                .status()
                        == 201) {
                    for (int i = 1; i <= 9; i++) {
                        settle(name + "-" + i, true);
                    }
                }
            }
            default -> {
                List<String> present = acknowledged.entrySet().stream()
                        .filter(entry -> entry.getValue() && !entry.getKey().equals("base"))
                        .map(Map.Entry::getKey)
                        .toList();
                if (!present.isEmpty()) {
                    String victim = present.get(random.nextInt(present.size()));
                    // Until the answer is here, either may be true.
                    acknowledged.remove(victim);
                    if (api.delete("images/" + victim + "?purge=true").status() == 204) {
                        acknowledged.put(victim, false);
                    }
                }
            }
        }
    }

    private void settle(String name, boolean made) {
        if (made) {
            acknowledged.put(name, true);
        }
    }

    private static ApiClient.Answer upload(ApiClient api, String name, Random random) {
        byte[] disk = new byte[3 << 20];
        byte[] data = new byte[1 << 20];
        random.nextBytes(data);
        System.arraycopy(data, 0, disk, 1 << 20, data.length);
        return api.upload("images?name=" + name, "application/octet-stream", disk);
    }

    private void checkAfterRestart(Path directory) throws IOException {
        try (ServiceProcess service = ServiceProcess.start(directory, List.of())) {
            Set<String> files = new TreeSet<>();
            Set<String> catalogued = new TreeSet<>();
            for (JsonNode image : all(service.api())) {
                String path = image.path("path").asString();
                catalogued.add(image.path("name").asString());
                files.add(path);
                assertThat(image.path("state").asString()).isEqualTo("available");
                if (checked.add(path)) {
                    QemuImg.run(
                            "check",
                            directory.resolve("data/volume").resolve(path).toString());
                }
            }
            acknowledged.forEach((name, there) -> assertThat(catalogued.contains(name))
                    .as("%s was said to be %s", name, there ? "made" : "removed")
                    .isEqualTo(there));
            assertThat(names(directory, "images")).isEqualTo(files);
            assertThat(names(directory, "incoming")).isEmpty();
            assertThat(names(directory, "retired")).isEmpty();
        }
    }

    private static List<JsonNode> all(ApiClient api) {
        List<JsonNode> all = new ArrayList<>();
        String cursor = "";
        do {
            JsonNode page = api.get("images?limit=1000" + cursor).json();
            page.path("items").forEach(all::add);
            cursor = page.path("nextCursor").isNull()
                    ? ""
                    : "&cursor=" + page.path("nextCursor").asString();
        } while (!cursor.isEmpty());
        return all;
    }

    private static Set<String> names(Path directory, String part) throws IOException {
        try (Stream<Path> files = Files.list(directory.resolve("data/volume").resolve(part))) {
            return files.map(file -> part + "/" + file.getFileName()).collect(Collectors.toCollection(TreeSet::new));
        }
    }
}
