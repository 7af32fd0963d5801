package io.cowshed;

import static io.cowshed.testing.VerbChains.succeed;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.posix.LiveQemuIo;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.TestDatabase;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** What happens while the children of a removed image are taken care of, one after the other, at 2 MiB a second. */
abstract class SlowSpliceTests extends VerbTests {

    private static final int PATIENCE = 60;

    @Override
    protected String[] properties() {
        return new String[] {"cowshed.operations.bandwidth=2MiB"};
    }

    @Test
    void aChildThatComesIntoUseLaterEndsItInATrueState() throws Exception {
        List<byte[]> before = node("a", 3);
        String operation = begin("a");
        Answer ended;
        try (LiveQemuIo guest = LiveQemuIo.writing(chains.file("a3"), "qcow2")) {
            for (Answer refused : List.of(
                    api.postJson("images/a/clones", "{\"name\": \"late\"}"),
                    api.delete("images/a1"),
                    api.delete("images/a?children=split"),
                    api.post("images/a2/split"))) {
                assertThat(refused.problem()).as("%s", refused).isEqualTo("image-busy");
            }
            assertThat(api.delete("images/a?dryRun=true").toString()).contains("image-busy");
            ended = api.get("operations/" + operation, "Prefer", "wait=" + PATIENCE);
            guest.command("read 0 64k", ".*ops.*");
        }

        assertThat(ended.json().path("state").asString()).as("%s", ended).isEqualTo("failed");
        JsonNode problem = ended.json().path("problem");
        assertThat(problem.path("type").asString()).isEqualTo("urn:cowshed:problem:image-in-use");
        assertThat(problem.path("detail").asString()).contains(chains.id("a3"));
        assertThat(problem.path("childrenDone").asInt()).isEqualTo(2);
        assertThat(problem.path("childrenLeft").asInt()).isEqualTo(1);
        assertThat(List.of(chains.parent("a1"), chains.parent("a2"), chains.parent("a3")))
                .containsExactly("a-base", "a-base", "a");
        assertThat(chains.image("a").path("children").asInt()).isEqualTo(1);

        Answer again = api.delete("images/a?children=redirect", "Prefer", "wait=" + PATIENCE);
        assertThat(again.json().path("state").asString()).as("%s", again).isEqualTo("succeeded");
        assertThat(chains.parent("a3")).isEqualTo("a-base");
        assertReads("a", before);
    }

    @Test
    void cancellingKeepsWhatIsDone() throws Exception {
        List<byte[]> before = node("c", 3);
        String operation = begin("c");
        succeed(api.post("operations/" + operation + "/cancel"));

        Answer ended = api.get("operations/" + operation, "Prefer", "wait=" + PATIENCE);

        assertThat(ended.json().path("state").asString()).as("%s", ended).isEqualTo("cancelled");
        assertThat(chains.parent("c3")).isEqualTo("c");
        assertThat(chains.image("c").path("state").asString()).isEqualTo("available");
        assertReads("c", before);
        chains.clone("c4", "c");
    }

    /** An image with 2 MiB that its children lack, and the contents of these. */
    private List<byte[]> node(String name, int children) throws Exception {
        chains.base(name + "-base");
        chains.clone(name, name + "-base");
        chains.write(name, "write -P 77 3M 2M");
        succeed(api.post("images/" + name + "/seal", "Prefer", "wait=" + PATIENCE));
        List<byte[]> contents = new ArrayList<>();
        for (int child = 1; child <= children; child++) {
            chains.clone(name + child, name);
            contents.add(chains.content(name + child));
        }
        return contents;
    }

    /** Returns when the first child is being worked on. */
    private String begin(String name) {
        Answer accepted = api.delete("images/" + name + "?children=redirect");
        assertThat(accepted.status()).as("%s", accepted).isEqualTo(202);
        String id = accepted.json().path("id").asString();
        JsonNode operation;
        do {
            operation = api.get("operations/" + id).json();
            assertThat(operation.path("state").asString()).as("%s", operation).isIn("queued", "running");
        } while (operation.path("progress").path("totalBytes").isNull());
        return id;
    }

    private void assertReads(String name, List<byte[]> contents) throws Exception {
        for (int child = 1; child <= contents.size(); child++) {
            assertThat(chains.content(name + child)).isEqualTo(contents.get(child - 1));
        }
    }
}

class H2SlowSpliceTests extends SlowSpliceTests {}

class PostgresqlSlowSpliceTests extends SlowSpliceTests {
    @Override
    protected TestDatabase.Kind databaseKind() {
        return TestDatabase.Kind.POSTGRESQL;
    }
}
