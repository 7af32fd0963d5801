package io.cowshed;

import static io.cowshed.testing.VerbChains.succeed;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.testing.ApiClient;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.ServiceProcess;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.VerbChains;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * Two replicas on one PostgreSQL and one volume; a few verbs begin, at a random moment one replica is killed, another takes
 * its place, and every operation ends well: what its image's guest reads is what it was to be, and nothing is left over.
 * {@code -Dcowshed.verbkills=100} sets how many are killed, {@code -Dcowshed.seed} when.
 */
class VerbKillTests {

    private static final int KILLS = Integer.getInteger("cowshed.verbkills", 1);
    private static final long SEED = Long.getLong("cowshed.seed", 20261120L);

    /** How many operations are under way when a replica dies. */
    private static final int AT_ONCE = 4;

    private static final long LATEST_NANOS = TimeUnit.MILLISECONDS.toNanos(2500);

    /** A call that begins an operation; {@code #} in its body stands for the number of the round. */
    private record Verb(String path, String body, boolean keepsContent) {}

    private static final List<Verb> VERBS = List.of(
            new Verb("redirect", "", true),
            new Verb("split", "", true),
            new Verb("rebase", "{\"onto\": \"other\"}", true),
            new Verb("sparsify", "", true),
            new Verb("copy", "{\"name\": \"flat-#\"}", true),
            new Verb("copy", "{\"name\": \"delta-#\", \"scope\": \"delta\"}", true),
            new Verb("resize", "{\"virtualSize\": \"12MiB\"}", false),
            new Verb("check", "{\"repair\": \"all\"}", true),
            new Verb("snapshot", "{\"name\": \"snapshot-#\"}", true),
            new Verb("commit", "{\"name\": \"commit-#\"}", true),
            new Verb("reset", "", false),
            new Verb("upgrade", "{\"discardChanges\": true}", false));

    private final Map<String, byte[]> contents = new HashMap<>();
    private int rounds;

    @Test
    void everyOperationEndsWell(@TempDir Path directory) throws Exception {
        Random random = new Random(SEED);
        try (TestDatabase database = TestDatabase.create(TestDatabase.Kind.POSTGRESQL)) {
            List<String> properties = new ArrayList<>(Arrays.asList(database.properties()));
            properties.add("cowshed.volume=" + directory.resolve("data/volume"));
            properties.add("cowshed.operations.bandwidth=4MiB");
            properties.add("db-scheduler.heartbeat-interval=1s");
            Files.createDirectories(directory.resolve("data"));
            String[] all = properties.toArray(String[]::new);
            ServiceProcess one = ServiceProcess.start(directory, List.of(), all);
            ServiceProcess other = one.another(directory.resolve("replica-0"), all);
            try {
                VerbChains chains = new VerbChains(directory.resolve("data/volume"), one.api());
                chains.base("base");
                chains.base("other");
                chains.sealedClone("middle", "base");
                succeed(one.api().postJson("families", "{\"name\": \"family\"}"));
                for (String version : List.of("middle", "other")) {
                    succeed(one.api()
                            .postJson(
                                    "families/family/versions",
                                    "{\"version\": \"" + version + "\", \"image\": \"" + version + "\"}"));
                }
                for (int kill = 1; kill <= KILLS; kill++) {
                    List<String> operations =
                            begin(one.api(), new VerbChains(directory.resolve("data/volume"), one.api()), random);
                    LockSupport.parkNanos(random.nextLong(LATEST_NANOS));
                    boolean first = random.nextBoolean();
                    ServiceProcess survivor = first ? other : one;
                    (first ? one : other).kill();
                    one = survivor;
                    other = survivor.another(directory.resolve("replica-" + kill), all);
                    await(one.api(), operations);
                    verify(new VerbChains(directory.resolve("data/volume"), one.api()));
                }
                nothingIsLeftOver(directory.resolve("data/volume"), one.api());
            } finally {
                one.close();
                other.close();
            }
        }
    }

    /** Some verbs in turn, each on a clone of its own. */
    private List<String> begin(ApiClient api, VerbChains chains, Random random) throws IOException {
        List<String> operations = new ArrayList<>();
        for (int i = 0; i < AT_ONCE; i++) {
            Verb verb = VERBS.get(rounds % VERBS.size());
            String name = "disk-" + rounds;
            succeed(api.postJson("images/middle/clones", "{\"name\": \"" + name + "\", \"ttl\": \"PT8H\"}"));
            chains.write(
                    name, "write -P " + (1 + random.nextInt(250)) + " " + random.nextInt(VerbChains.DISK / 2) + " 2M");
            if (verb.keepsContent()) {
                contents.put(name, chains.content(name));
            } else if (verb.path().equals("reset")) {
                contents.put(name, chains.content("middle"));
            } else if (verb.path().equals("upgrade")) {
                contents.put(name, chains.content("other"));
            } else {
                contents.put(name, Arrays.copyOf(chains.content(name), 12 << 20));
            }
            String path = "images/" + name + "/" + verb.path();
            Answer begun = verb.body().isEmpty()
                    ? api.post(path)
                    : api.postJson(path, verb.body().replace("#", String.valueOf(rounds)));
            assertThat(begun.status()).as("%s", begun).isEqualTo(202);
            operations.add(begun.json().path("id").asString());
            rounds++;
        }
        return operations;
    }

    private static void await(ApiClient api, List<String> operations) {
        for (String operation : operations) {
            JsonNode shown = succeed(api.get("operations/" + operation, "Prefer", "wait=60"))
                    .json();
            assertThat(shown.path("state").asString()).as("%s", shown).isEqualTo("succeeded");
        }
    }

    /** Each image since the last time reads what it was to read, and what came of it reads the same. */
    private void verify(VerbChains chains) throws IOException {
        for (Map.Entry<String, byte[]> disk : contents.entrySet()) {
            String name = disk.getKey();
            assertThat(chains.content(name)).as(name).isEqualTo(disk.getValue());
            assertThat(QemuImg.check(chains.file(name))).as(name).doesNotContainKeys("corruptions", "leaks");
            chains.parent(name);
            Verb verb = VERBS.get(Integer.parseInt(name.replaceAll("\\D", "")) % VERBS.size());
            if (verb.body().contains("#")) {
                String made = verb.body().replaceAll(".*\"name\": \"([a-z]+-)#\".*", "$1") + name.replaceAll("\\D", "");
                assertThat(chains.content(made)).as(made).isEqualTo(disk.getValue());
                assertThat(QemuImg.check(chains.file(made))).as(made).doesNotContainKeys("corruptions", "leaks");
            }
        }
        contents.clear();
    }

    private static void nothingIsLeftOver(Path volume, ApiClient api) {
        JsonNode images = succeed(api.get("images?limit=1000")).json().path("items");
        List<String> files = images.valueStream()
                .map(image -> image.path("id").asString() + ".qcow2")
                .toList();
        assertThat(volume.resolve("images").toFile().list()).containsExactlyInAnyOrderElementsOf(files);
        assertThat(images.valueStream().map(image -> image.path("operation").isNull()))
                .doesNotContain(false);
        assertThat(succeed(api.get("operations?state=running,queued")).json().path("items"))
                .isEmpty();
    }
}
