package io.cowshed;

import static io.cowshed.testing.VerbChains.succeed;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.engine.posix.LiveQemuIo;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.VerbChains;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** The upgrade of clones to another version of their family over HTTP, with qemu-img as the judge; on both databases. */
abstract class UpgradeTests extends VerbTests {

    private static final String DISCARD = "{\"discardChanges\": true}";
    private static final int SECTOR = 512;

    @Override
    protected String[] properties() {
        return new String[] {"cowshed.max-depth=2"};
    }

    @Test
    void aDisposableCloneGoesOnEmptyOnTheLatestVersion() throws Exception {
        family("go", "go-1", "go-2");
        succeed(api.postJson(
                "images/go:1/clones",
                "{\"name\": \"go-clone\", \"ttl\": \"PT8H\", \"labels\": {\"team\": \"net\"},"
                        + " \"seed\": {\"userData\": \"#cloud-config\\n\"}}"));
        chains.write("go-clone", "write -P 7 1M 2M");
        JsonNode before = chains.image("go-clone");
        byte[] content = chains.content("go-clone");

        Answer unmeant = upgrade("go-clone", "");
        assertThat(unmeant.status()).as("%s", unmeant).isEqualTo(400);
        assertThat(unmeant.json().path("detail").asString()).contains("go:2").containsPattern("file of \\d{7} bytes");
        assertThat(unmeant.json().path("action").asString()).contains("discardChanges", "/rebase");
        assertThat(upgrade("go-clone", "{\"discardChanges\": false}").status()).isEqualTo(400);
        assertThat(chains.content("go-clone")).isEqualTo(content);

        Answer done = upgrade("go-clone", DISCARD);

        assertSucceeded(done, "upgrade");
        JsonNode result = done.json().path("result");
        assertThat(result.path("from").asString()).isEqualTo("go:1");
        assertThat(result.path("to").asString()).isEqualTo("go:2");
        assertThat(result.path("parent").asString()).isEqualTo(chains.id("go-2"));
        assertThat(result.path("allocatedBefore").asLong())
                .isGreaterThan(result.path("allocatedAfter").asLong() + (2 << 20));
        JsonNode after = chains.image("go-clone");
        for (String same : List.of("id", "name", "labels", "lifetime", "lease", "expiresAt", "virtualSize", "seed")) {
            assertThat(after.path(same)).as(same).isEqualTo(before.path(same));
        }
        assertThat(after.path("parent").path("version").asString()).isEqualTo("2");
        assertThat(chains.parent("go-clone")).isEqualTo("go-2");
        assertThat(chains.content("go-clone")).isEqualTo(chains.content("go-2"));
        assertThat(QemuImg.check(chains.file("go-clone"))).doesNotContainKeys("corruptions", "leaks");
        assertThat(chains.image("go-1").path("children").asInt()).isZero();
        assertThat(chains.image("go-2").path("children").asInt()).isEqualTo(1);
        chains.write("go-clone", "write -P 8 0 64k");
        assertThat(chains.content("go-clone")).isNotEqualTo(chains.content("go-2"));
    }

    @Test
    void aDryRunSaysWhatItWouldComeToAndChangesNothing() throws Exception {
        chains.base("dry-0");
        chains.sealedClone("dry-1", "dry-0");
        chains.sealedClone("dry-2", "dry-0");
        publish("dry", "dry-1", "dry-2");
        disposable("dry-clone", "dry:1");
        byte[] content = chains.content("dry-clone");
        JsonNode before = chains.image("dry-clone");

        JsonNode plan = plan("dry-clone", "");

        assertThat(plan.path("upToDate").asBoolean()).isFalse();
        assertThat(plan.path("possible").asBoolean()).isTrue();
        assertThat(plan.path("obstacles")).isEmpty();
        assertThat(plan.path("from").path("version").asString()).isEqualTo("dry:1");
        assertThat(plan.path("from").path("image").asString()).isEqualTo(chains.id("dry-1"));
        assertThat(plan.path("to").path("version").asString()).isEqualTo("dry:2");
        assertThat(plan.path("to").path("state").asString()).isEqualTo("active");
        assertThat(plan.path("differingSize").asLong())
                .isPositive()
                .isEqualTo(differing(chains.content("dry-1"), chains.content("dry-2")));
        assertThat(plan.path("allocatedSize").asLong())
                .isEqualTo(api.get("images/dry-clone/space")
                        .json()
                        .path("allocatedSize")
                        .asLong());
        assertThat(plan.path("virtualSizesDiffer").asBoolean()).isFalse();
        assertThat(chains.image("dry-clone")).isEqualTo(before);
        assertThat(chains.content("dry-clone")).isEqualTo(content);
        assertThat(api.get("operations?image=" + chains.id("dry-clone")).json().path("items"))
                .isEmpty();
    }

    @Test
    void versionsOfTheSameContentDifferInNothing() throws Exception {
        chains.base("twin-1");
        chains.sealedCopyOf("twin-2", "twin-1");
        publish("twin", "twin-1", "twin-2");
        disposable("twin-clone", "twin:1");
        assertThat(plan("twin-clone", "").path("differingSize").asLong()).isZero();
    }

    @Test
    void aPersistentCloneIsOnlyToldWhatWouldDiffer() throws Exception {
        family("stay", "stay-1", "stay-2");
        chains.clone("stay-clone", "stay:1");
        disposable("stay-kept", "stay:1");
        succeed(api.post("images/stay-kept/keep"));
        for (String name : List.of("stay-clone", "stay-kept")) {
            byte[] content = chains.content(name);
            JsonNode plan = plan(name, "");
            assertThat(plan.path("lifetime").asString()).isEqualTo("persistent");
            assertThat(plan.path("possible").asBoolean()).isFalse();
            assertThat(types(plan)).containsExactly("urn:cowshed:problem:image-persistent");
            assertThat(plan.path("differingSize").asLong()).isPositive();
            Answer refused = upgrade(name, DISCARD);
            assertThat(refused.problem()).isEqualTo("image-persistent");
            assertThat(refused.status()).isEqualTo(409);
            assertThat(refused.json().path("action").asString())
                    .contains("/api/v1/images/" + chains.id(name) + "/rebase", "clone");
            assertThat(chains.content(name)).isEqualTo(content);
            assertThat(chains.parent(name)).isEqualTo("stay-1");
        }
    }

    @Test
    void whatIsOnTheVersionAlreadyStaysAsItIs() throws Exception {
        family("same", "same-1");
        disposable("same-clone", "same:1");
        byte[] content = chains.content("same-clone");
        for (String body : List.of("", DISCARD, "{\"to\": \"same:1\"}")) {
            Answer nothing = upgrade("same-clone", body);
            assertThat(nothing.status()).as("%s", nothing).isEqualTo(200);
            assertThat(nothing.json().path("upToDate").asBoolean()).isTrue();
            assertThat(nothing.json().path("differingSize").asLong()).isZero();
        }
        assertThat(chains.content("same-clone")).isEqualTo(content);
        assertThat(api.get("operations?image=" + chains.id("same-clone")).json().path("items"))
                .isEmpty();
    }

    /** The older disk is the longer one on the way back. */
    @Test
    void theDiskBecomesAsLongAsTheLongerOfBoth() throws Exception {
        chains.base("long-1");
        chains.blankBase("long-2", 2L * VerbChains.DISK);
        publish("long", "long-1", "long-2");
        disposable("long-clone", "long:1");
        JsonNode plan = plan("long-clone", "");
        assertThat(plan.path("virtualSizesDiffer").asBoolean()).isTrue();
        assertThat(plan.path("virtualSizeAfter").asLong()).isEqualTo(2L * VerbChains.DISK);

        assertSucceeded(upgrade("long-clone", DISCARD), "upgrade");

        assertThat(chains.image("long-clone").path("virtualSize").asLong()).isEqualTo(2L * VerbChains.DISK);
        assertThat(chains.content("long-clone")).isEqualTo(new byte[2 * VerbChains.DISK]);

        succeed(api.patch("families/long/versions/2", "{\"state\": \"deprecated\"}"));
        assertSucceeded(upgrade("long-clone", DISCARD), "upgrade");

        assertThat(chains.parent("long-clone")).isEqualTo("long-1");
        assertThat(chains.image("long-clone").path("virtualSize").asLong()).isEqualTo(2L * VerbChains.DISK);
        assertThat(chains.content("long-clone"))
                .isEqualTo(Arrays.copyOf(chains.content("long-1"), 2 * VerbChains.DISK));
    }

    @Test
    void anotherVersionOfTheFamilyCanBeNamed() throws Exception {
        family("name", "name-1", "name-2", "name-3");
        family("alien", "alien-1");
        disposable("name-clone", "name:1");
        succeed(api.patch(
                "families/name/versions/2",
                "{\"state\": \"deprecated\", \"obsoleteAt\": \"2099-01-01T00:00:00Z\", \"replacement\": \"3\"}"));
        String key = UUID.randomUUID().toString();
        String body = "{\"to\": \"name:2\", \"discardChanges\": true}";
        Answer first = api.postJson("images/name-clone/upgrade", body, "Idempotency-Key", key);
        Answer again = api.postJson("images/name-clone/upgrade", body, "Idempotency-Key", key);
        for (Answer answer : List.of(first, again)) {
            assertThat(answer.status()).as("%s", answer).isEqualTo(202);
            assertThat(answer.header("Deprecation")).startsWith("@");
            assertThat(answer.header("Sunset")).isEqualTo("Thu, 01 Jan 2099 00:00:00 GMT");
            assertThat(answer.header("Link")).contains("/families/name/versions/3");
        }
        assertThat(again.json()).isEqualTo(first.json());
        succeed(api.get("operations/" + first.json().path("id").asString(), "Prefer", "wait=30"));
        assertThat(chains.parent("name-clone")).isEqualTo("name-2");
        assertThat(chains.content("name-clone")).isEqualTo(chains.content("name-2"));

        succeed(api.patch("families/name/versions/1", "{\"state\": \"obsolete\"}"));
        assertThat(upgrade("name-clone", "{\"to\": \"name:1\", \"discardChanges\": true}")
                        .problem())
                .isEqualTo("version-obsolete");
        assertThat(types(plan("name-clone", "{\"to\": \"name:1\"}")))
                .containsExactly("urn:cowshed:problem:version-obsolete");
        assertThat(upgrade("name-clone", "{\"to\": \"name:9\"}").problem()).isEqualTo("not-found");
        for (String to : List.of("alien:1", "alien:latest", "name-3", chains.id("name-3"), "a:b:c")) {
            Answer refused = upgrade("name-clone", "{\"to\": \"" + to + "\", \"discardChanges\": true}");
            assertThat(refused.problem()).as(to).isEqualTo("invalid-request");
        }
        assertThat(upgrade("name-clone", "{\"onto\": \"name:3\"}").status()).isEqualTo(400);
        assertThat(chains.parent("name-clone")).isEqualTo("name-2");
    }

    @Test
    void whatIsNoCloneOfAVersionIsNotUpgraded() {
        chains.base("none-0");
        disposable("none-1", "none-0");
        assertThat(upgrade("none-0", DISCARD).problem()).isEqualTo("image-has-no-parent");
        assertThat(upgrade("none-1", DISCARD).problem()).isEqualTo("invalid-request");
        assertThat(upgrade("none-9", DISCARD).problem()).isEqualTo("not-found");
        publish("none", "none-0");
        succeed(api.patch("families/none/versions/1", "{\"state\": \"deprecated\"}"));
        assertThat(upgrade("none-1", DISCARD).problem()).isEqualTo("not-found");
    }

    @ParameterizedTest
    @CsvSource({"true", "false"})
    void whatAGuestHasOpenIsLeftAlone(boolean writing) throws Exception {
        String name = "open-" + writing;
        family(name, name + "-1", name + "-2");
        disposable(name + "-clone", name + ":1");
        try (LiveQemuIo guest = writing
                ? LiveQemuIo.writing(chains.file(name + "-clone"), "qcow2")
                : LiveQemuIo.reading(chains.file(name + "-clone"), "qcow2")) {
            assertThat(upgrade(name + "-clone", DISCARD).problem()).isEqualTo("image-in-use");
            assertThat(types(plan(name + "-clone", ""))).containsExactly("urn:cowshed:problem:image-in-use");
            guest.command("read 0 64k", ".*ops.*");
        }
        assertSucceeded(upgrade(name + "-clone", DISCARD), "upgrade");
    }

    @Test
    void whatIsAttachedProtectedSealedOrChangedMeanwhileIsLeftAlone() throws Exception {
        family("kept", "kept-1", "kept-2");
        disposable("kept-clone", "kept:1");
        byte[] content = chains.content("kept-clone");
        String read = api.get("images/kept-clone").header("ETag");
        String attachment = succeed(api.postJson("images/kept-clone/attachments", "{\"holder\": \"vm\"}"))
                .json()
                .path("id")
                .asString();
        requireRefused("image-attached");
        succeed(api.delete("attachments/" + attachment));

        succeed(api.patch("images/kept-clone", "{\"protected\": true}"));
        requireRefused("image-protected");
        succeed(api.patch("images/kept-clone", "{\"protected\": false}"));

        Answer changed = api.postJson("images/kept-clone/upgrade", DISCARD, "If-Match", read);
        assertThat(changed.problem()).isEqualTo("precondition-failed");
        QemuImg.run("snapshot", "-c", "inner", chains.file("kept-clone").toString());
        assertThat(types(plan("kept-clone", ""))).containsExactly("urn:cowshed:problem:unsupported-image");
        Answer failed = upgrade("kept-clone", DISCARD);
        assertThat(failed.json().path("problem").path("type").asString()).endsWith("unsupported-image");
        QemuImg.run("snapshot", "-d", "inner", chains.file("kept-clone").toString());

        succeed(api.post("images/kept-clone/seal", "Prefer", WAIT));
        requireRefused("image-sealed");
        assertThat(chains.content("kept-clone")).isEqualTo(content);
        assertThat(chains.parent("kept-clone")).isEqualTo("kept-1");
        String now = api.get("images/kept-clone").header("ETag");
        succeed(api.post("images/kept-clone/unseal", "If-Match", now));
        assertSucceeded(
                api.postJson(
                        "images/kept-clone/upgrade",
                        DISCARD,
                        "If-Match",
                        api.get("images/kept-clone").header("ETag"),
                        "Prefer",
                        WAIT),
                "upgrade");
    }

    @Test
    void aVersionThatLiesTooDeepIsRefused() throws Exception {
        chains.base("deep-0");
        chains.sealedClone("deep-1", "deep-0");
        chains.sealedClone("deep-2", "deep-1");
        publish("deep", "deep-0", "deep-2");
        disposable("deep-clone", "deep:1");
        assertThat(types(plan("deep-clone", ""))).containsExactly("urn:cowshed:problem:depth-limit");
        assertThat(upgrade("deep-clone", DISCARD).problem()).isEqualTo("depth-limit");
        publish("deep", 3, "deep-1");
        assertSucceeded(upgrade("deep-clone", DISCARD), "upgrade");
        assertThat(chains.content("deep-clone")).isEqualTo(chains.content("deep-1"));
    }

    @Test
    void theClonesOfAFamilyAreUpgradedTogether() throws Exception {
        family("all", "all-1", "all-2", "all-3");
        disposable("all-a", "all:1");
        disposable("all-b", "all:2");
        disposable("all-c", "all:3");
        disposable("all-attached", "all:1");
        disposable("all-gone", "all:1");
        chains.clone("all-persistent", "all:1");
        succeed(api.delete("images/all-gone"));
        succeed(api.postJson("images/all-attached/attachments", "{\"holder\": \"vm\"}"));

        JsonNode planned = succeed(api.post("families/all/upgrade?dryRun=true")).json();
        assertThat(outcomes(planned))
                .containsExactlyInAnyOrder(
                        "all-a all:1 all:3",
                        "all-b all:2 all:3",
                        "all-attached all:1 all:3 urn:cowshed:problem:image-attached",
                        "all-persistent all:1 all:3 urn:cowshed:problem:image-persistent");
        assertThat(planned.path("items").valueStream())
                .allMatch(item -> item.path("operation").isNull());
        Answer unmeant = api.postJson("families/all/upgrade", "{}");
        assertThat(unmeant.problem()).isEqualTo("invalid-request");
        JsonNode first =
                succeed(api.post("families/all/upgrade?dryRun=true&limit=3")).json();
        JsonNode second = succeed(api.post("families/all/upgrade?dryRun=true&limit=3&cursor="
                        + first.path("nextCursor").asString()))
                .json();
        assertThat(second.path("nextCursor").isNull()).isTrue();
        assertThat(Stream.concat(outcomes(first).stream(), outcomes(second).stream()))
                .containsExactlyElementsOf(outcomes(planned));
        assertThat(chains.parent("all-a")).isEqualTo("all-1");

        JsonNode begun = succeed(api.postJson("families/all/upgrade", DISCARD, "Idempotency-Key", "all"))
                .json();
        assertThat(api.postJson("families/all/upgrade", DISCARD, "Idempotency-Key", "all")
                        .json())
                .isEqualTo(begun);

        assertThat(outcomes(begun)).containsExactlyElementsOf(outcomes(planned));
        for (JsonNode item : begun.path("items")) {
            assertThat(item.path("operation").isNull())
                    .isNotEqualTo(item.path("upgradable").asBoolean());
            if (item.path("upgradable").asBoolean()) {
                Answer done = api.get("operations/" + item.path("operation").asString(), "Prefer", WAIT);
                assertSucceeded(done, "upgrade");
                String name = item.path("name").asString();
                assertThat(chains.parent(name)).isEqualTo("all-3");
                assertThat(chains.content(name)).isEqualTo(chains.content("all-3"));
            }
        }
        assertThat(chains.parent("all-attached")).isEqualTo("all-1");
        assertThat(chains.parent("all-persistent")).isEqualTo("all-1");
        assertThat(outcomes(
                        succeed(api.post("families/all/upgrade?dryRun=true")).json()))
                .hasSize(2);
        assertThat(api.post("families/nobody/upgrade?dryRun=true").problem()).isEqualTo("not-found");
        assertThat(api.post("families/all/upgrade?dryRun=true&limit=101").status())
                .isEqualTo(400);
    }

    /** Each clone, from where to where, and why not. */
    private static List<String> outcomes(JsonNode listing) {
        return listing.path("items")
                .valueStream()
                .map(item -> item.path("name").asString() + " "
                        + item.path("from").path("version").asString() + " "
                        + item.path("to").path("version").asString()
                        + (item.path("upgradable").asBoolean()
                                ? ""
                                : " " + item.path("reason").path("type").asString()))
                .toList();
    }

    private void requireRefused(String problem) {
        assertThat(upgrade("kept-clone", DISCARD).problem()).isEqualTo(problem);
        assertThat(types(plan("kept-clone", ""))).containsExactly("urn:cowshed:problem:" + problem);
    }

    private void family(String name, String... images) {
        for (String image : images) {
            chains.base(image);
        }
        publish(name, images);
    }

    /** Makes a family of these images, as its versions 1 and so on. */
    private void publish(String family, String... images) {
        succeed(api.postJson("families", "{\"name\": \"" + family + "\"}"));
        for (int i = 0; i < images.length; i++) {
            publish(family, i + 1, images[i]);
        }
    }

    private void publish(String family, int version, String image) {
        succeed(api.postJson(
                "families/" + family + "/versions",
                "{\"version\": \"" + version + "\", \"image\": \"" + image + "\"}"));
    }

    /** A disposable clone with some changes of its own. */
    private void disposable(String name, String parent) {
        succeed(api.postJson("images/" + parent + "/clones", "{\"name\": \"" + name + "\", \"ttl\": \"PT8H\"}"));
        chains.write(name, "write -P 7 1M 1M");
    }

    private Answer upgrade(String name, String body) {
        return call("images/" + name + "/upgrade", body);
    }

    private JsonNode plan(String name, String body) {
        return succeed(call("images/" + name + "/upgrade?dryRun=true", body)).json();
    }

    private Answer call(String path, String body) {
        return body.isEmpty() ? api.post(path, "Prefer", WAIT) : api.postJson(path, body, "Prefer", WAIT);
    }

    private static List<String> types(JsonNode plan) {
        return plan.path("obstacles")
                .valueStream()
                .map(obstacle -> obstacle.path("type").asString())
                .toList();
    }

    private static long differing(byte[] one, byte[] other) {
        long bytes = 0;
        for (int at = 0; at < one.length; at += SECTOR) {
            bytes += Arrays.mismatch(one, at, at + SECTOR, other, at, at + SECTOR) < 0 ? 0 : SECTOR;
        }
        return bytes;
    }
}

class H2UpgradeTests extends UpgradeTests {}

class PostgresqlUpgradeTests extends UpgradeTests {
    @Override
    protected TestDatabase.Kind databaseKind() {
        return TestDatabase.Kind.POSTGRESQL;
    }
}
