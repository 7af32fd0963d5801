package io.cowshed;

import static io.cowshed.testing.Eventually.until;
import static io.cowshed.testing.VerbChains.succeed;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.posix.LiveQemuIo;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.TestDatabase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** The trash, and removal from under children, over HTTP, with qemu-img as the judge of what is left; on both databases. */
abstract class RemovalTests extends VerbTests {

    @Test
    void aRemovedImageIsInTheTrashUntilItIsRestored() throws Exception {
        chains.base("t0");
        chains.sealedClone("t1", "t0");
        String id = chains.id("t1");
        Path file = chains.file("t1");
        byte[] before = chains.content("t1");

        assertThat(api.delete("images/t1").status()).isEqualTo(204);

        assertThat(api.get("images/t1").problem()).isEqualTo("not-found");
        JsonNode trashed = api.get("images/" + id).json();
        assertThat(trashed.path("state").asString()).isEqualTo("trashed");
        assertThat(trashed.path("trashedAt").asString()).isNotEmpty();
        assertThat(file).exists();
        assertThat(ids("images?state=trashed")).contains(id);
        assertThat(ids("images")).doesNotContain(id);
        assertThat(api.delete("images/" + id).status()).isEqualTo(204);
        assertThat(api.delete("images/t0").problem()).isEqualTo("image-has-children");
        assertThat(api.delete("images/t0?purge=true").problem()).isEqualTo("image-has-children");

        JsonNode restored = succeed(api.post("images/" + id + "/restore")).json();
        assertThat(restored.path("name").asString()).isEqualTo("t1");
        assertThat(restored.path("trashedAt").isNull()).isTrue();
        assertThat(api.post("images/t1/restore").json()).isEqualTo(restored);
        assertThat(chains.content("t1")).isEqualTo(before);
        chains.clone("t2", "t1");
    }

    @Test
    void whatIsInTheTrashIsLeftAloneAndTheRefusalSaysHowToGetItBack() {
        chains.base("l0");
        String id = chains.id("l0");
        succeed(api.delete("images/l0"));
        for (Answer refused : List.of(
                api.patch("images/" + id, "{\"description\": \"x\"}"),
                api.postJson("images/" + id + "/clones", "{\"name\": \"l1\"}"),
                api.post("images/" + id + "/seal"),
                api.post("images/" + id + "/unseal"),
                api.post("images/" + id + "/split"),
                api.post("images/" + id + "/sparsify"),
                api.get("images/" + id + "/content"))) {
            assertThat(refused.problem()).as("%s", refused).isEqualTo("image-not-available");
            assertThat(refused.json().path("action").asString()).contains("/api/v1/images/" + id + "/restore");
        }
        assertThat(api.delete("images/" + id + "?purge=true").status()).isEqualTo(204);
        assertThat(api.get("images/" + id).problem()).isEqualTo("not-found");
        assertThat(api.post("images/" + id + "/restore").problem()).isEqualTo("not-found");
    }

    @Test
    void aNameTakenMeanwhileIsNamedWithItsHolder() {
        chains.blankBase("n0", 1 << 20);
        String id = chains.id("n0");
        succeed(api.delete("images/n0"));
        chains.blankBase("n0", 1 << 20);

        Answer refused = api.post("images/" + id + "/restore");
        assertThat(refused.problem()).isEqualTo("name-taken");
        assertThat(refused.json().path("holder").asString()).isEqualTo(chains.id("n0"));
        assertThat(api.postJson("images/n0/restore", "{\"name\": \"n9\"}").problem())
                .isEqualTo("invalid-request");

        assertThat(succeed(api.postJson("images/" + id + "/restore", "{\"name\": \"n1\"}"))
                        .json()
                        .path("name")
                        .asString())
                .isEqualTo("n1");
    }

    @Test
    void whatIsProtectedOrInUseIsNotTrashed() throws Exception {
        chains.base("p0");
        chains.clone("p1", "p0");
        api.patch("images/p1", "{\"protected\": true}");
        for (String how : List.of("", "?purge=true", "?whenChildless=true", "?children=split")) {
            assertThat(api.delete("images/p1" + how).problem()).isEqualTo("image-protected");
        }
        api.patch("images/p1", "{\"protected\": false}");
        try (LiveQemuIo guest = LiveQemuIo.writing(chains.file("p1"), "qcow2")) {
            for (String how : List.of("", "?purge=true", "?whenChildless=true", "?children=split")) {
                assertThat(api.delete("images/p1" + how).problem()).as(how).isEqualTo("image-in-use");
            }
            guest.command("write -P 5 0 64k", ".*ops.*");
        }
        assertThat(api.delete("images/p1").status()).isEqualTo(204);
    }

    @Test
    void aParentGoesWithTheLastOfItsChildren() throws Exception {
        chains.base("w0");
        chains.sealedClone("w1", "w0");
        chains.clone("w2", "w1");
        chains.clone("w3", "w1");
        String id = chains.id("w1");

        JsonNode marked = succeed(api.delete("images/w1?whenChildless=true")).json();
        assertThat(marked.path("removeWhenChildless").asBoolean()).isTrue();
        assertThat(succeed(api.delete("images/w1?whenChildless=true")).json()).isEqualTo(marked);
        Answer refused = api.postJson("images/w1/clones", "{\"name\": \"w4\"}");
        assertThat(refused.problem()).isEqualTo("image-leaves");
        assertThat(refused.json().path("action").asString()).contains("/restore");
        assertThat(succeed(api.post("images/w1/restore"))
                        .json()
                        .path("removeWhenChildless")
                        .asBoolean())
                .isFalse();
        chains.clone("w4", "w1");
        succeed(api.delete("images/w1?whenChildless=true"));
        byte[] before = chains.content("w3");

        succeed(api.delete("images/w4?purge=true"));
        assertSucceeded(api.post("images/w2/redirect", "Prefer", WAIT));
        assertThat(chains.image("w1").path("state").asString()).isEqualTo("available");
        assertSucceeded(api.post("images/w3/split", "Prefer", WAIT));

        assertThat(api.get("images/w1").problem()).isEqualTo("not-found");
        assertThat(chains.image(id).path("state").asString()).isEqualTo("trashed");
        assertThat(chains.content("w3")).isEqualTo(before);
        assertThat(api.delete("images/w3?whenChildless=true&purge=true").problem())
                .isEqualTo("invalid-request");
        assertThat(api.delete("images/w3?whenChildless=true").status()).isEqualTo(204);
    }

    @Test
    void aMiddleNodeIsSplicedOutFromUnderAllItsChildren() throws Exception {
        chains.base("s0");
        chains.sealedClone("s1", "s0");
        chains.clone("s2", "s1");
        chains.sealedClone("s3", "s1");
        chains.clone("s4", "s3");
        chains.clone("s5", "s1");
        String trashed = chains.id("s5");
        Map<String, byte[]> before = contents("s2", "s3", "s4", "s5");
        succeed(api.delete("images/s5"));
        String digest = chains.image("s3").path("digest").asString();
        String id = chains.id("s1");
        Answer done;
        try (LiveQemuIo guest = LiveQemuIo.writing(chains.file("s4"), "qcow2")) {
            done = api.delete("images/s1?children=redirect", "Prefer", WAIT);
            guest.command("read 0 64k", ".*ops.*");
        }

        assertSucceeded(done);
        assertThat(done.json().path("kind").asString()).isEqualTo("remove");
        assertThat(done.json().path("result").path("children").asInt()).isEqualTo(3);
        for (String child : List.of("s2", "s3", trashed)) {
            assertThat(chains.parent(child)).isEqualTo("s0");
            assertThat(QemuImg.check(chains.file(child))).doesNotContainKeys("corruptions", "leaks");
        }
        assertThat(chains.image("s3").path("digest").asString()).isEqualTo(digest);
        assertThat(chains.image(trashed).path("state").asString()).isEqualTo("trashed");
        assertThat(chains.image(id).path("state").asString()).isEqualTo("trashed");
        assertThat(chains.image(id).path("children").asInt()).isZero();
        succeed(api.post("images/" + trashed + "/restore"));
        succeed(api.delete("images/" + id + "?purge=true"));
        assertContents(before);
    }

    @Test
    void aBaseIsSplicedOutForGood() throws Exception {
        chains.base("b0");
        chains.clone("b1", "b0");
        chains.sealedClone("b2", "b0");
        Path file = chains.file("b0");
        String id = chains.id("b0");
        Map<String, byte[]> before = contents("b1", "b2");

        Answer accepted = api.delete("images/b0?children=split&purge=true");
        assertThat(accepted.status()).isEqualTo(202);
        Answer done = api.get("operations/" + accepted.json().path("id").asString(), "Prefer", WAIT);

        assertSucceeded(done);
        assertThat(done.json().path("result").path("purged").asBoolean()).isTrue();
        // The row goes first, and with it whoever waited.
        until(() -> Files.notExists(file));
        assertThat(api.get("images/" + id).problem()).isEqualTo("not-found");
        assertThat(chains.parent("b1")).isEmpty();
        assertThat(chains.parent("b2")).isEmpty();
        assertContents(before);
        assertThat(api.delete("images/" + id + "?children=split").problem()).isEqualTo("not-found");
    }

    @Test
    void childrenInTheTrashArePurgedWithTheirParent() {
        chains.base("g0");
        chains.clone("g1", "g0");
        chains.clone("g2", "g0");
        String first = chains.id("g1");
        String second = chains.id("g2");
        succeed(api.delete("images/g1"));
        assertThat(api.delete("images/g0?children=purge-trashed").problem()).isEqualTo("image-has-children");
        succeed(api.delete("images/g2"));
        Path file = chains.file(second);

        assertSucceeded(api.delete("images/g0?children=purge-trashed", "Prefer", WAIT));

        assertThat(api.get("images/" + first).problem()).isEqualTo("not-found");
        assertThat(api.get("images/" + second).problem()).isEqualTo("not-found");
        // The row goes first, and with it whoever waited.
        until(() -> Files.notExists(file));
        assertThat(api.get("images/g0").problem()).isEqualTo("not-found");
    }

    @Test
    void whatHasLostItsFileIsInNobodysWay() throws Exception {
        chains.base("m0");
        chains.clone("m1", "m0");
        chains.clone("m2", "m0");
        String lost = chains.id("m1");
        Files.delete(chains.file("m1"));
        succeed(api.postJson("volume/audits", "{\"mend\": \"safe\"}", "Prefer", WAIT));

        JsonNode plan = succeed(api.delete("images/m0?dryRun=true")).json();
        assertThat(plan.path("childrenInDetail").path(0).path("state").asString())
                .isEqualTo("error");
        assertThat(plan.path("childrenInDetail").path(0).path("costToSplit").isNull())
                .isTrue();
        assertThat(plan.path("childrenInDetail").path(1).path("costToSplit").isNull())
                .isFalse();
        assertThat(choice(plan, "split").path("possible").asBoolean()).isFalse();
        assertThat(succeed(api.delete("images/m1?dryRun=true"))
                        .json()
                        .path("possible")
                        .asBoolean())
                .isTrue();

        succeed(api.delete("images/m1"));
        succeed(api.delete("images/m2"));
        plan = succeed(api.delete("images/m0?dryRun=true&children=purge-trashed"))
                .json();
        assertThat(plan.path("possible").asBoolean()).as("%s", plan).isTrue();
        assertSucceeded(api.delete("images/m0?children=purge-trashed", "Prefer", WAIT));
        assertThat(api.get("images/" + lost).problem()).isEqualTo("not-found");
    }

    @Test
    void anImageIsNotRestoredToTheNameOfItsOwnCopyToBe() {
        chains.base("o0");
        succeed(api.postJson(
                "images/o0/clones", "{\"name\": \"o1\", \"ttl\": \"PT8H\", \"beforeDelete\": {\"copy\": \"o2\"}}"));
        String id = chains.id("o1");
        succeed(api.delete("images/o1"));
        assertThat(api.postJson("images/" + id + "/restore", "{\"name\": \"o2\"}")
                        .problem())
                .isEqualTo("invalid-request");
        succeed(api.post("images/" + id + "/restore"));
    }

    @Test
    void childrenInUseAreNamedBeforeAnythingIsDone() throws Exception {
        chains.base("u0");
        chains.clone("u1", "u0");
        chains.clone("u2", "u0");
        Map<String, byte[]> before = contents("u1", "u2");
        try (LiveQemuIo guest = LiveQemuIo.writing(chains.file("u2"), "qcow2")) {
            for (String how : List.of("redirect", "split")) {
                Answer refused = api.delete("images/u0?children=" + how);
                assertThat(refused.problem()).isEqualTo("image-in-use");
                assertThat(refused.json().path("detail").asString())
                        .contains("\"u2\"")
                        .doesNotContain("\"u1\"");
                assertThat(refused.json().path("children").path(0).path("id").asString())
                        .isEqualTo(chains.id("u2"));
            }
            guest.command("read 0 64k", ".*ops.*");
        }
        assertThat(api.get("operations?image=" + chains.id("u0")).json().path("items"))
                .isEmpty();
        assertContents(before);
    }

    /** What the catalogue does not vouch for is not changed, also where the file is fine again. */
    @Test
    void aFaultyChildIsNamedBeforeAnythingIsDone() throws Exception {
        chains.base("f0");
        chains.sealedClone("f1", "f0");
        chains.clone("f2", "f1");
        Path file = chains.file("f2");
        Path away = service.directory().resolve("f2.qcow2");
        Files.move(file, away);
        succeed(api.postJson("volume/audits", "{\"mend\": \"safe\"}", "Prefer", WAIT));
        Files.move(away, file);
        assertThat(chains.image("f2").path("state").asString()).isEqualTo("error");

        JsonNode plan = succeed(api.delete("images/f1?dryRun=true")).json();
        for (String how : List.of("redirect", "split")) {
            assertThat(choice(plan, how).path("possible").asBoolean()).as(how).isFalse();
            Answer refused = api.delete("images/f1?children=" + how, "Prefer", WAIT);
            assertThat(refused.problem()).as("%s", refused).isEqualTo("image-not-available");
            assertThat(refused.json().path("detail").asString()).contains("f2");
        }

        succeed(api.postJson("volume/audits", "{\"mend\": \"safe\"}", "Prefer", WAIT));
        assertSucceeded(api.delete("images/f1?children=redirect", "Prefer", WAIT), "remove");
        assertThat(chains.parent("f2")).isEqualTo("f0");
    }

    /** As some leave it that work on the files themselves, and attach nothing. */
    @Test
    void aChildThatNamesItsParentByAPathIsNotTakenForOneWithout() throws Exception {
        chains.base("q0");
        chains.clone("q1", "q0");
        chains.write("q1", "write -P 9 64k 64k");
        byte[] before = chains.content("q1");
        Path parent = chains.file("q0");
        QemuImg.run(
                "rebase",
                "-u",
                "-F",
                "qcow2",
                "-b",
                parent.toString(),
                chains.file("q1").toString());

        for (Answer refused : List.of(
                api.post("images/q1/split", "Prefer", WAIT),
                api.post("images/q1/redirect", "Prefer", WAIT),
                api.delete("images/q0?children=split&purge=true", "Prefer", WAIT))) {
            assertThat(refused.json().path("state").asString())
                    .as("%s", refused)
                    .isEqualTo("failed");
            assertThat(refused.json().path("problem").path("action").asString()).contains("/api/v1/volume/audits");
        }
        assertThat(parent).exists();
        assertThat(chains.image("q1").path("parent").path("name").asString()).isEqualTo("q0");

        succeed(api.postJson("volume/audits", "{\"mend\": \"safe\"}", "Prefer", WAIT));
        assertSucceeded(api.delete("images/q0?children=split&purge=true", "Prefer", WAIT), "remove");
        assertThat(chains.content("q1")).isEqualTo(before);
    }

    @Test
    void aPlanSaysWhatStandsInTheWayAndChangesNothing() throws Exception {
        chains.base("d0");
        chains.clone("d1", "d0");
        chains.write("d1", "write -P 9 3M 1M");
        succeed(api.post("images/d1/seal", "Prefer", WAIT));
        chains.clone("d2", "d1");
        chains.clone("d3", "d1");
        String trashed = chains.id("d3");
        succeed(api.delete("images/d3"));
        JsonNode before = api.get("images/d1").json();
        JsonNode plan;
        try (LiveQemuIo guest = LiveQemuIo.writing(chains.file("d2"), "qcow2")) {
            plan = succeed(api.delete("images/d1?dryRun=true")).json();
            assertThat(choice(plan, "redirect").path("possible").asBoolean()).isFalse();
            assertThat(choice(plan, "redirect")
                            .path("obstacles")
                            .path(0)
                            .path("type")
                            .asString())
                    .isEqualTo("urn:cowshed:problem:image-in-use");
            assertThat(choice(plan, "when-childless").path("possible").asBoolean())
                    .isTrue();
            guest.command("read 0 64k", ".*ops.*");
        }
        assertThat(plan.path("possible").asBoolean()).isFalse();
        assertThat(plan.path("obstacles").path(0).path("type").asString())
                .isEqualTo("urn:cowshed:problem:image-has-children");
        assertThat(plan.path("children").asInt()).isEqualTo(2);
        assertThat(plan.path("trashedChildren").asInt()).isEqualTo(1);
        assertThat(plan.path("childrenInDetail").path(0).path("inUse").asBoolean())
                .isTrue();
        assertThat(plan.path("childrenInDetail").path(0).path("costToSplit").isNull())
                .isTrue();
        assertThat(plan.path("childrenInDetail").path(1).path("state").asString())
                .isEqualTo("trashed");

        plan = succeed(api.delete("images/d1?dryRun=true&children=redirect&purge=true"))
                .json();
        assertThat(plan.path("possible").asBoolean()).as("%s", plan).isTrue();
        assertThat(choice(plan, "purge-trashed").path("possible").asBoolean()).isFalse();
        JsonNode redirect = choice(plan, "redirect");
        assertThat(redirect.path("call").asString())
                .isEqualTo("DELETE /api/v1/images/" + chains.id("d1") + "?children=redirect");
        assertThat(redirect.path("costCounts").asInt()).isEqualTo(2);
        assertThat(redirect.path("hasRoom").asBoolean()).isTrue();
        assertThat(redirect.path("cost").asLong()).isEqualTo(2 << 20);
        assertThat(choice(plan, "split").path("cost").asLong()).isGreaterThan(2 << 20);
        assertThat(plan.path("freedSize").asLong())
                .isEqualTo(chains.image("d1").path("allocatedSize").asLong());

        assertThat(api.get("images/d1").json()).isEqualTo(before);
        assertThat(api.get("operations?image=" + chains.id("d1")).json().path("items"))
                .isEmpty();
        assertSucceeded(api.delete("images/d1?children=redirect", "Prefer", WAIT));
        assertThat(chains.parent(trashed)).isEqualTo("d0");
    }

    @Test
    void aGrandparentThatIsToLeaveGetsNoChildrenBySplicing() {
        chains.base("m0");
        chains.sealedClone("m1", "m0");
        chains.clone("m2", "m1");
        succeed(api.delete("images/m0?whenChildless=true"));

        assertThat(api.delete("images/m1?children=redirect").problem()).isEqualTo("image-leaves");
        assertThat(choice(api.delete("images/m1?dryRun=true").json(), "redirect")
                        .path("obstacles")
                        .path(0)
                        .path("type")
                        .asString())
                .isEqualTo("urn:cowshed:problem:image-leaves");
        String base = chains.id("m0");
        assertSucceeded(api.delete("images/m1?children=split&purge=true", "Prefer", WAIT));
        assertThat(chains.image(base).path("state").asString()).isEqualTo("trashed");
    }

    @Test
    void parametersThatSayNothingAreRefused() {
        chains.blankBase("x0", 1 << 20);
        for (String query : List.of("children=hope", "purge=perhaps", "whenChildless=true&children=split")) {
            assertThat(api.delete("images/x0?" + query).problem()).as(query).isEqualTo("invalid-request");
        }
        assertThat(api.delete("images/x0?children=redirect", "If-Match", "\"99\"")
                        .problem())
                .isEqualTo("precondition-failed");
        assertThat(api.delete("images/nobody?dryRun=true").problem()).isEqualTo("not-found");
    }

    private static JsonNode choice(JsonNode plan, String choice) {
        for (JsonNode one : plan.path("choices")) {
            if (one.path("choice").asString().equals(choice)) {
                return one;
            }
        }
        throw new AssertionError("no choice " + choice + " in " + plan);
    }

    private List<String> ids(String list) {
        return api.get(list)
                .json()
                .path("items")
                .valueStream()
                .map(item -> item.path("id").asString())
                .toList();
    }

    private Map<String, byte[]> contents(String... names) throws Exception {
        Map<String, byte[]> contents = new HashMap<>();
        for (String name : names) {
            contents.put(name, chains.content(name));
        }
        return contents;
    }

    private void assertContents(Map<String, byte[]> expected) throws Exception {
        for (Map.Entry<String, byte[]> entry : expected.entrySet()) {
            assertThat(chains.content(entry.getKey())).as(entry.getKey()).isEqualTo(entry.getValue());
        }
    }
}

class H2RemovalTests extends RemovalTests {}

class PostgresqlRemovalTests extends RemovalTests {
    @Override
    protected TestDatabase.Kind databaseKind() {
        return TestDatabase.Kind.POSTGRESQL;
    }
}
