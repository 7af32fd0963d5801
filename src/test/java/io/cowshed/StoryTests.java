package io.cowshed;

import static io.cowshed.testing.VerbChains.succeed;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.Exits;
import io.cowshed.testing.ServiceTests;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.VerbChains;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The life of a real guest's disks: imported, cloned, booted, their graph changed, booted again, and what each guest wrote is
 * still there. Takes minutes, because guests are emulated: {@code mvn test -Dtest='*StoryTests' -Dgroups=story
 * -DexcludedGroups=}.
 */
@Tag("story")
abstract class StoryTests extends ServiceTests {

    private static final Path GUEST = Path.of(System.getProperty("user.home"), ".cache/cowshed/guest");

    /** Where the guest's partition begins. */
    private static final int PARTITION = 1 << 20;

    private VerbChains chains;

    @TempDir
    private Path scratch;

    @BeforeAll
    void makeChains() {
        chains = new VerbChains(service);
    }

    @Test
    void everyDiskBootsAndHasItsOwnDataWhateverBecameOfTheGraph() throws Exception {
        run("scripts/make-guest", GUEST.toString());
        succeed(api.upload("images?name=debian-12", "application/x-qcow2", GUEST.resolve("disk.qcow2")));
        succeed(api.post("images/debian-12/seal", "Prefer", "wait=60"));
        succeed(api.postJson("images/debian-12/clones", "{\"namePrefix\": \"web-\", \"count\": 3}"));
        boot("web-1");
        finished(api.post("images/web-1/seal", "Prefer", "wait=60"));
        succeed(api.postJson("images/web-1/clones", "{\"name\": \"web-1-a\"}"));
        for (String name : List.of("web-1-a", "web-2", "web-3")) {
            boot(name);
        }
        Map<String, String> data = new HashMap<>();
        for (String name : List.of("web-1-a", "web-2", "web-3")) {
            data.put(name, data(name));
        }
        assertThat(data.values()).doesNotHaveDuplicates();

        finished(api.delete("images/web-1?children=redirect&purge=true", "Prefer", "wait=60"));
        finished(api.post("images/web-2/split", "Prefer", "wait=60"));
        finished(api.postJson("images/web-3/commit", "{\"name\": \"debian-12-web\"}", "Prefer", "wait=60"));
        finished(api.post("images/web-1-a/sparsify", "Prefer", "wait=60"));

        assertThat(api.get("images/web-1").status()).isEqualTo(404);
        assertThat(chains.parent("web-1-a")).isEqualTo("debian-12");
        assertThat(chains.parent("web-2")).isEmpty();
        assertThat(chains.parent("web-3")).isEqualTo("debian-12-web");
        data.put("debian-12-web", data.get("web-3"));
        for (Map.Entry<String, String> disk : data.entrySet()) {
            assertThat(data(disk.getKey())).as(disk.getKey()).isEqualTo(disk.getValue());
            assertThat(QemuImg.check(chains.file(disk.getKey()))).doesNotContainKeys("corruptions", "leaks");
        }
        succeed(api.postJson("images/debian-12-web/clones", "{\"name\": \"web-4\"}"));
        for (String name : List.of("web-1-a", "web-2", "web-3", "web-4")) {
            boot(name);
            assertThat(QemuImg.check(chains.file(name))).doesNotContainKeys("corruptions", "leaks");
        }
        new Invariants(database, service.volume()).check();
    }

    private void boot(String name) throws IOException {
        assertThat(run("scripts/boot-guest", chains.file(name).toString(), "qcow2", GUEST.toString()))
                .contains("GUEST-UP base");
    }

    /** The sha256 of what the guest wrote, which must be the one that it noted beside it. */
    private String data(String name) throws IOException {
        Path raw = scratch.resolve("disk.raw");
        Path data = scratch.resolve("data");
        QemuImg.run("convert", "-O", "raw", chains.file(name).toString(), raw.toString());
        String disk = raw + "?offset=" + PARTITION;
        run("debugfs", "-R", "dump /root/data " + data, disk);
        String sum = run("sha256sum", data.toString()).split(" ", 2)[0];
        assertThat(run("debugfs", "-R", "cat /root/data.sha256", disk)).contains(sum + "  /root/data");
        Files.delete(raw);
        return sum;
    }

    /** Waits for an operation to succeed; an answer that is none is success already. */
    private void finished(Answer begun) {
        Answer now = succeed(begun);
        while (now.json().path("progress").isObject()
                && now.json().path("finishedAt").isNull()) {
            now = succeed(api.get("operations/" + now.json().path("id").asString(), "Prefer", "wait=60"));
        }
        assertThat(now.json().path("state").asString()).as("%s", now).isIn("succeeded", "available");
    }

    private static String run(String... command) throws IOException {
        Process process =
                new ProcessBuilder(List.of(command)).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(Exits.of(process)).as(output).isZero();
        return output;
    }
}

class H2StoryTests extends StoryTests {}

class PostgresqlStoryTests extends StoryTests {
    @Override
    protected TestDatabase.Kind databaseKind() {
        return TestDatabase.Kind.POSTGRESQL;
    }
}
