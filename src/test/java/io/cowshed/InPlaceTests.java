package io.cowshed;

import static io.cowshed.testing.VerbChains.succeed;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.oracle.QemuIo;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Images that get another parent in the file that they have, at 1 MiB a second, and what is left when that is given up. */
abstract class InPlaceTests extends VerbTests {

    private static final String LONG = "wait=60";

    @Override
    protected String[] properties() {
        return new String[] {"cowshed.operations.bandwidth=1MiB"};
    }

    @Test
    void onlyWhatTheImageLacksIsMoved() throws Exception {
        node("a");
        chains.write("a2", "write -P 7 0 2M", "write -P 8 4M 1M");
        byte[] before = chains.content("a2");
        Object inode = Files.getAttribute(chains.file("a2"), "unix:ino");

        assertThat(succeed(api.get("images/a2/space"))
                        .json()
                        .path("costToRedirect")
                        .asLong())
                .isEqualTo((2 << 20) + (64 << 10));
        Answer done = api.post("images/a2/redirect", "Prefer", LONG);

        assertSucceeded(done, "redirect");
        assertThat(done.json().path("progress").path("totalBytes").asLong()).isEqualTo((2 << 20) + (64 << 10));
        assertThat(Files.getAttribute(chains.file("a2"), "unix:ino")).isEqualTo(inode);
        assertReads("a2", "a0", before);
    }

    @Test
    void whatIsCancelledGivesBackWhatItStored() throws Exception {
        node("c");
        byte[] before = chains.content("c2");
        long clusters = clusters("c2");
        String operation =
                succeed(api.post("images/c2/redirect")).json().path("id").asString();
        awaitProgress(operation);
        succeed(api.post("operations/" + operation + "/cancel"));

        Answer ended = api.get("operations/" + operation, "Prefer", LONG);

        assertThat(ended.json().path("state").asString()).as("%s", ended).isEqualTo("cancelled");
        assertThat(ended.json().path("progress").path("doneBytes").asLong()).isPositive();
        assertReads("c2", "c1", before);
        assertThat(clusters("c2")).isEqualTo(clusters);
        assertSucceeded(api.post("images/c2/redirect", "Prefer", LONG), "redirect");
        assertReads("c2", "c0", before);
    }

    @Test
    void aRemovalThatIsCancelledGivesBackWhatItStoredInTheChildItWasAt() throws Exception {
        node("s");
        chains.clone("s3", "s1");
        List<byte[]> before = List.of(chains.content("s2"), chains.content("s3"));
        List<Long> clusters = List.of(clusters("s2"), clusters("s3"));
        String operation = succeed(api.delete("images/s1?children=split"))
                .json()
                .path("id")
                .asString();
        awaitProgress(operation);
        succeed(api.post("operations/" + operation + "/cancel"));

        Answer ended = api.get("operations/" + operation, "Prefer", LONG);

        assertThat(ended.json().path("state").asString()).as("%s", ended).isEqualTo("cancelled");
        assertReads("s2", "s1", before.get(0));
        assertReads("s3", "s1", before.get(1));
        assertThat(List.of(clusters("s2"), clusters("s3"))).isEqualTo(clusters);
    }

    @Test
    void whatHoldsCompressedClustersStaysCompressedInANewFile() throws Exception {
        node("z");
        QemuIo.run(chains.file("z2"), "qcow2", List.of("write -c -P 5 4M 64k"));
        byte[] before = chains.content("z2");
        Object inode = Files.getAttribute(chains.file("z2"), "unix:ino");

        assertSucceeded(api.post("images/z2/redirect", "Prefer", LONG), "redirect");

        assertThat(Files.getAttribute(chains.file("z2"), "unix:ino")).isNotEqualTo(inode);
        assertThat(QemuImg.check(chains.file("z2"))).containsKey("compressed-clusters");
        assertReads("z2", "z0", before);
    }

    /** A base, a sealed clone with 4 MiB of its own, and a clone of that: 0, 1 and 2. */
    private void node(String name) {
        chains.base(name + "0");
        chains.clone(name + "1", name + "0");
        chains.write(name + "1", "write -P 77 1M 4M");
        succeed(api.post("images/" + name + "1/seal", "Prefer", LONG));
        succeed(api.postJson("images/" + name + "1/clones", "{\"name\": \"" + name + "2\"}"));
    }

    private void awaitProgress(String operation) {
        JsonNode shown;
        do {
            shown = api.get("operations/" + operation).json();
            assertThat(shown.path("state").asString()).as("%s", shown).isIn("queued", "running");
        } while (shown.path("progress").path("doneBytes").asLong() == 0);
    }

    /** Clusters of an image's file that hold data of its disk. */
    private long clusters(String name) {
        return QemuImg.map(chains.file(name), "qcow2").stream()
                .filter(entry -> entry.depth() == 0 && entry.data())
                .mapToLong(QemuImg.MapEntry::length)
                .sum();
    }

    private void assertReads(String name, String parent, byte[] content) throws IOException {
        Path file = chains.file(name);
        assertThat(chains.parent(name)).isEqualTo(parent);
        assertThat(chains.content(name)).isEqualTo(content);
        assertThat(QemuImg.check(file)).doesNotContainKeys("corruptions", "leaks");
    }
}

class H2InPlaceTests extends InPlaceTests {}

class PostgresqlInPlaceTests extends InPlaceTests {
    @Override
    protected TestDatabase.Kind databaseKind() {
        return TestDatabase.Kind.POSTGRESQL;
    }
}
