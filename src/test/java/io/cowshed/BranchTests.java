package io.cowshed;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.posix.LiveQemuIo;
import io.cowshed.engine.posix.PosixFile;
import io.cowshed.engine.qcow2.Qcow2HeaderReader;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.VerbChains;
import java.io.IOException;
import java.nio.file.Files;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Snapshot, reset and commit over HTTP, with qemu-img as the judge of what is left; on both databases. */
abstract class BranchTests extends VerbTests {

    private static final long EMPTY = 512 << 10;

    /** Each verb with a body that it takes. */
    private static final Map<String, String> VERBS =
            Map.of("snapshot", "{\"name\": \"nobody\"}", "reset", "", "commit", "{\"name\": \"nobody\"}");

    @Override
    protected String[] properties() {
        return new String[] {"cowshed.max-depth=3"};
    }

    @Test
    void aSnapshotKeepsTheContentAsASealedParent() throws Exception {
        chains.base("s0");
        chains.clone("s1", "s0");
        byte[] before = chains.content("s1");

        Answer done = begin(
                "s1/snapshot",
                "{\"name\": \"s1-kept\", \"description\": \"as it was\", \"labels\": {\"team\": \"net\"}}");

        assertSucceeded(done, "snapshot");
        JsonNode kept = chains.image("s1-kept");
        assertThat(done.json().path("result").path("image").asString()).isEqualTo(chains.id("s1"));
        assertThat(done.json().path("result").path("parent").asString())
                .isEqualTo(kept.path("id").asString());
        assertThat(done.json().path("result").path("digest").asString())
                .isEqualTo(kept.path("digest").asString());
        assertThat(kept.path("sealed").asBoolean()).isTrue();
        assertThat(kept.path("description").asString()).isEqualTo("as it was");
        assertThat(kept.path("labels").path("team").asString()).isEqualTo("net");
        assertThat(kept.path("operation").isNull()).isTrue();
        assertThat(chains.parent("s1")).isEqualTo("s1-kept");
        assertThat(chains.parent("s1-kept")).isEqualTo("s0");
        assertThat(children("s0")).isEqualTo(1);
        assertThat(children("s1-kept")).isEqualTo(1);
        assertThat(chains.image("s1").path("depth").asInt()).isEqualTo(2);
        assertThat(chains.content("s1")).isEqualTo(before);
        assertThat(chains.content("s1-kept")).isEqualTo(before);
        assertThat(identity("s1")).isEqualTo(chains.id("s1"));
        assertThat(identity("s1-kept")).isEqualTo(chains.id("s1-kept"));
        assertEmpty("s1");
        assertSound("s1", "s1-kept");
        succeed(api.postJson("images/s1-kept/clones", "{\"name\": \"s2\"}"));
        assertThat(chains.content("s2")).isEqualTo(before);
        assertThat(succeed(api.post("images/s1/seal")).json().path("digest")).isEqualTo(kept.path("digest"));
    }

    @Test
    void aBaseLiesOnItsSnapshot() throws Exception {
        byte[] disk = new byte[VerbChains.DISK];
        Arrays.fill(disk, 1 << 20, 2 << 20, (byte) 7);
        succeed(api.upload("images?name=a1", "application/octet-stream", disk));

        assertSucceeded(begin("a1/snapshot", "{\"name\": \"a0\"}"), "snapshot");

        assertThat(chains.parent("a1")).isEqualTo("a0");
        assertThat(chains.parent("a0")).isEmpty();
        assertThat(chains.content("a0")).isEqualTo(disk);
        assertThat(chains.content("a1")).isEqualTo(disk);
        assertSound("a0", "a1");
    }

    @Test
    void resettingASnapshotBringsItsContentBack() throws Exception {
        chains.base("r0");
        chains.clone("r1", "r0");
        byte[] first = chains.content("r1");
        assertSucceeded(begin("r1/snapshot", "{\"name\": \"r1-first\"}"), "snapshot");
        chains.write("r1", "write -P 9 1M 1M", "write -z 0 64k");
        byte[] second = chains.content("r1");
        assertSucceeded(begin("r1/snapshot", "{\"name\": \"r1-second\"}"), "snapshot");
        chains.write("r1", "write -P 10 3M 1M");

        assertThat(chains.content("r1-first")).isEqualTo(first);
        assertThat(chains.content("r1-second")).isEqualTo(second);
        assertSucceeded(begin("r1/reset", ""), "reset");

        assertThat(chains.parent("r1")).isEqualTo("r1-second");
        assertThat(chains.content("r1")).isEqualTo(second);
        assertEmpty("r1");
        assertSound("r1", "r1-first", "r1-second");
        Answer tooDeep = begin("r1/snapshot", "{\"name\": \"r1-third\"}");
        assertThat(tooDeep.problem()).as("%s", tooDeep).isEqualTo("depth-limit");
        assertThat(tooDeep.toString()).contains("redirect");
        assertThat(api.get("images/r1-third").status()).isEqualTo(404);
    }

    @Test
    void aResetCloneThatIsLongerThanItsParentEndsInZeros() throws Exception {
        chains.base("l0");
        long length = VerbChains.DISK + (3 << 20);
        succeed(api.postJson("images/l0/clones", "{\"name\": \"l1\", \"virtualSize\": " + length + "}"));
        chains.write("l1", "write -P 4 " + (length - (1 << 20)) + " 1M", "write -P 5 0 2M");

        Answer done = begin("l1/reset", "");

        assertSucceeded(done, "reset");
        JsonNode result = done.json().path("result");
        assertThat(result.path("virtualSize").asLong()).isEqualTo(length);
        assertThat(result.path("allocatedBefore").asLong())
                .isGreaterThan(result.path("allocatedAfter").asLong() + (3 << 20));
        assertThat(chains.image("l1").path("virtualSize").asLong()).isEqualTo(length);
        assertThat(chains.content("l1")).isEqualTo(Arrays.copyOf(chains.content("l0"), (int) length));
        assertThat(identity("l1")).isEqualTo(chains.id("l1"));
        assertSound("l1");
    }

    @Test
    void aCommitMakesANewVersionBesideTheParent() throws Exception {
        chains.base("c0");
        chains.sealedClone("c1", "c0");
        chains.clone("c2", "c1");
        byte[] parent = Files.readAllBytes(chains.file("c1"));
        byte[] before = chains.content("c2");

        Answer done = begin("c2/commit", "{\"name\": \"c1-new\", \"labels\": {\"os\": \"debian\"}}");

        assertSucceeded(done, "commit");
        assertThat(done.json().path("result").path("parent").asString()).isEqualTo(chains.id("c1-new"));
        assertThat(chains.image("c1-new").path("sealed").asBoolean()).isTrue();
        assertThat(chains.image("c1-new").path("labels").path("os").asString()).isEqualTo("debian");
        assertThat(chains.parent("c2")).isEqualTo("c1-new");
        assertThat(chains.parent("c1-new")).isEqualTo("c0");
        assertThat(chains.image("c2").path("depth").asInt()).isEqualTo(2);
        assertThat(children("c0")).isEqualTo(2);
        assertThat(children("c1")).isZero();
        assertThat(children("c1-new")).isEqualTo(1);
        assertThat(chains.content("c2")).isEqualTo(before);
        assertThat(chains.content("c1-new")).isEqualTo(before);
        assertThat(Files.readAllBytes(chains.file("c1"))).isEqualTo(parent);
        assertThat(identity("c1-new")).isEqualTo(chains.id("c1-new"));
        assertEmpty("c2");
        assertSound("c1-new", "c2");
        succeed(api.delete("images/c1"));
        assertThat(chains.content("c2")).isEqualTo(before);
        assertThat(succeed(api.post("images/c2/seal")).json().path("digest"))
                .isEqualTo(chains.image("c1-new").path("digest"));
    }

    @Test
    void aRetiredParentLeavesWithTheLastOfItsChildren() throws Exception {
        chains.base("t0");
        chains.clone("t1", "t0");
        chains.clone("t2", "t0");
        String old = chains.id("t0");

        assertSucceeded(begin("t1/commit", "{\"name\": \"t0-new\", \"retire\": true}"), "commit");
        assertThat(chains.image("t0").path("removeWhenChildless").asBoolean()).isTrue();
        assertSucceeded(begin("t2/commit", "{\"name\": \"t0-newer\"}"), "commit");

        assertThat(api.get("images/" + old).json().path("state").asString()).isEqualTo("trashed");
        assertSound("t1", "t2");
        succeed(api.patch("images/t0-new", "{\"protected\": true}"));
        assertThat(begin("t1/commit", "{\"name\": \"t0-last\", \"retire\": true}")
                        .problem())
                .isEqualTo("image-protected");
        succeed(api.patch("images/t0-new", "{\"protected\": false}"));
    }

    @Test
    void aRetiredParentWithNoOtherChildLeavesAtOnce() throws Exception {
        chains.base("alone0");
        chains.clone("alone1", "alone0");
        String old = chains.id("alone0");

        assertSucceeded(begin("alone1/commit", "{\"name\": \"alone0-new\", \"retire\": true}"), "commit");

        assertThat(api.get("images/" + old).json().path("state").asString()).isEqualTo("trashed");
        assertSound("alone1");
    }

    @Test
    void aCommitOverABaseIsABase() throws Exception {
        chains.base("v0");
        chains.clone("v1", "v0");
        byte[] before = chains.content("v1");

        assertSucceeded(begin("v1/commit", "{\"name\": \"v0-new\"}"), "commit");

        assertThat(chains.parent("v1")).isEqualTo("v0-new");
        assertThat(chains.parent("v0-new")).isEmpty();
        assertThat(chains.content("v0-new")).isEqualTo(before);
        assertThat(chains.content("v1")).isEqualTo(before);
        assertSound("v0-new", "v1");
    }

    @Test
    void whatCannotBeDoneIsRefusedAtOnce() throws Exception {
        chains.base("x0");
        chains.clone("x1", "x0");
        succeed(api.upload("images?name=x2", "application/octet-stream", new byte[1 << 20]));
        for (List<String> wrong : List.of(
                List.of("x0/snapshot", "{\"name\": \"nobody\"}", "image-sealed"),
                List.of("x0/reset", "", "image-sealed"),
                List.of("x0/commit", "{\"name\": \"nobody\"}", "image-sealed"),
                List.of("x2/reset", "", "image-has-no-parent"),
                List.of("x2/commit", "{\"name\": \"nobody\"}", "image-has-no-parent"),
                List.of("x1/snapshot", "{\"name\": \"x2\"}", "name-taken"),
                List.of("x1/commit", "{\"name\": \"x0\"}", "name-taken"),
                List.of("x1/snapshot", "{\"name\": \"\"}", "invalid-request"),
                List.of("x1/snapshot", "{\"name\": \"a/b\"}", "invalid-request"),
                List.of("x1/commit", "{}", "invalid-request"),
                List.of("x1/commit", "{\"name\": \"n\", \"retire\": \"soon\"}", "invalid-request"),
                List.of("nobody/snapshot", "{\"name\": \"n\"}", "not-found"))) {
            Answer refused = begin(wrong.get(0), wrong.get(1));
            assertThat(refused.problem()).as("%s: %s", wrong, refused).isEqualTo(wrong.get(2));
        }
        assertThat(api.postJson("images/x1/snapshot", "{\"name\": \"n\"}", "If-Match", "\"99\"")
                        .problem())
                .isEqualTo("precondition-failed");
        assertThat(api.get("operations?image=" + chains.id("x1")).json().path("items"))
                .isEmpty();
        assertThat(api.get("images/nobody").status()).isEqualTo(404);
    }

    @Test
    void aGuestsDiskIsLeftAlone() throws Exception {
        chains.base("g0");
        chains.clone("g1", "g0");
        for (boolean writing : List.of(true, false)) {
            try (LiveQemuIo guest = writing
                    ? LiveQemuIo.writing(chains.file("g1"), "qcow2")
                    : LiveQemuIo.reading(chains.file("g1"), "qcow2")) {
                VERBS.forEach((verb, body) -> {
                    Answer refused = begin("g1/" + verb, body);
                    assertThat(refused.problem()).as("%s: %s", verb, refused).isEqualTo("image-in-use");
                });
                guest.command("read 0 64k", ".*ops.*");
            }
        }
        assertThat(api.get("operations?image=" + chains.id("g1")).json().path("items"))
                .isEmpty();
        assertThat(api.get("images/nobody").status()).isEqualTo(404);
    }

    @Test
    void oneOperationAtATime() throws Exception {
        chains.base("o0");
        chains.clone("o1", "o0");
        Answer done = begin("o1/reset", "");
        assertSucceeded(done, "reset");
        claim(done.json().path("id").asString(), chains.id("o1"));
        VERBS.forEach((verb, body) -> {
            Answer refused = begin("o1/" + verb, body);
            assertThat(refused.problem()).as("%s: %s", verb, refused).isEqualTo("image-busy");
        });
        release(done.json().path("id").asString());
        assertThat(api.get("images/nobody").status()).isEqualTo(404);
        assertSucceeded(begin("o1/snapshot", "{\"name\": \"o1-kept\"}"), "snapshot");
    }

    /** As an operation that is not over would have it. */
    private void claim(String operation, String image) throws SQLException {
        update(
                "insert into operation_claim (operation_id, image_id, exclusive_image_id) values (?, ?, ?)",
                operation,
                image,
                image);
    }

    private void release(String operation) throws SQLException {
        update("delete from operation_claim where operation_id = ?", operation);
    }

    private void update(String sql, String... ids) throws SQLException {
        try (Connection connection = database.connect();
                PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < ids.length; i++) {
                statement.setObject(i + 1, UUID.fromString(ids[i]));
            }
            assertThat(statement.executeUpdate()).isEqualTo(1);
        }
    }

    private Answer begin(String call, String body) {
        return body.isEmpty()
                ? api.post("images/" + call, "Prefer", WAIT)
                : api.postJson("images/" + call, body, "Prefer", WAIT);
    }

    private int children(String name) {
        return chains.image(name).path("children").asInt();
    }

    /** Which image the file says it is. */
    private String identity(String name) throws IOException {
        try (PosixFile file = PosixFile.openForReading(chains.file(name))) {
            return Objects.requireNonNull(Qcow2HeaderReader.read(file).identity())
                    .id()
                    .toString();
        }
    }

    private void assertEmpty(String name) throws IOException {
        assertThat(Files.size(chains.file(name))).isLessThan(EMPTY);
        assertThat(QemuImg.map(chains.file(name), "qcow2")).noneMatch(extent -> extent.depth() == 0 && extent.data());
    }

    private void assertSound(String... names) {
        for (String name : names) {
            assertThat(QemuImg.check(chains.file(name))).doesNotContainKeys("corruptions", "leaks");
        }
    }

    private static Answer succeed(Answer answer) {
        return VerbChains.succeed(answer);
    }
}

class H2BranchTests extends BranchTests {}

class PostgresqlBranchTests extends BranchTests {
    @Override
    protected TestDatabase.Kind databaseKind() {
        return TestDatabase.Kind.POSTGRESQL;
    }
}
