package io.cowshed;

import static io.cowshed.testing.VerbChains.succeed;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.ServiceTests;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.VerbChains;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Families and their versions over HTTP, on both databases. */
abstract class FamilyTests extends ServiceTests {

    private VerbChains chains;

    @SuppressWarnings("NullAway.Init") // before the first test
    FamilyTests() {}

    @BeforeAll
    void makeChains() {
        chains = new VerbChains(service);
    }

    @Test
    void imagesComeOutInVersionsAndAreFoundByThem() {
        Answer made = api.postJson(
                "families", "{\"name\": \"story\", \"description\": \"first\", \"labels\": {\"team\": \"net\"}}");
        assertThat(made.status()).as("%s", made).isEqualTo(201);
        assertThat(made.header("Location")).isEqualTo("/api/v1/families/story");
        assertThat(made.json().path("latest").isNull()).isTrue();
        assertThat(api.get("images/story:latest").problem()).isEqualTo("not-found");
        publish("story", "1", "story-1");
        publish("story", "2", "story-2");

        assertThat(chains.image("story:1").path("name").asString()).isEqualTo("story-1");
        JsonNode latest = chains.image("story:latest");
        assertThat(latest.path("name").asString()).isEqualTo("story-2");
        assertThat(latest.path("family").asString()).isEqualTo("story");
        assertThat(latest.path("version").asString()).isEqualTo("2");
        assertThat(api.get("families/story/versions/latest").json())
                .isEqualTo(api.get("families/story/versions/2").json());
        assertThat(names("images?family=story")).containsExactly("story-1", "story-2");
        assertThat(api.get("images?family=none").problem()).isEqualTo("not-found");

        Answer clone = api.postJson("images/story:latest/clones", "{\"name\": \"story-clone\"}");
        assertThat(clone.status()).as("%s", clone).isEqualTo(201);
        assertThat(clone.header("Deprecation")).isEmpty();
        assertThat(clone.json().path("warnings").size()).isZero();
        JsonNode parent = clone.json().path("parent");
        assertThat(parent.path("name").asString()).isEqualTo("story-2");
        assertThat(parent.path("family").asString() + ":"
                        + parent.path("version").asString())
                .isEqualTo("story:2");
        assertThat(clone.json().path("version").isNull()).isTrue();

        JsonNode family = api.get("families/story").json();
        assertThat(family.path("latest").asString()).isEqualTo("2");
        assertThat(family.path("versions").asInt()).isEqualTo(2);
        JsonNode versions = api.get("families/story/versions").json().path("items");
        assertThat(versions.valueStream().map(version -> version.path("version").asString()))
                .containsExactly("2", "1");
        assertThat(versions.get(0).path("clones").asInt()).isEqualTo(1);
        assertThat(names("families/story/versions/2/clones")).containsExactly("story-clone");
        assertThat(names("families/story/versions/latest/clones")).containsExactly("story-clone");
        // It may be another by the time of a change.
        assertThat(api.patch("families/story/versions/latest", "{\"state\": \"deprecated\"}")
                        .problem())
                .isEqualTo("invalid-request");
        assertThat(names("families/story/versions/1/clones")).isEmpty();
        JsonNode firstPage = api.get("families/story/versions?limit=1").json();
        assertThat(api.get("families/story/versions?limit=1&cursor="
                                + firstPage.path("nextCursor").asString())
                        .json()
                        .path("items")
                        .get(0)
                        .path("version")
                        .asString())
                .isEqualTo("1");
    }

    @Test
    void aVersionIsMeantWhereverABodyNamesAnImage() {
        family("body");
        publish("body", "1", "body-1");
        chains.sealedClone("body-2", "body-1");
        succeed(api.postJson("families/body/versions", "{\"version\": \"2\", \"image\": \"body-2\"}"));
        chains.clone("body-clone", "body:1");

        succeed(api.postJson("images/body-clone/rebase", "{\"onto\": \"body:latest\"}", "Prefer", "wait=30"));

        assertThat(chains.image("body-clone").path("parent").path("version").asString())
                .isEqualTo("2");
        assertThat(succeed(api.get("images/body:1/compare?with=body:2"))
                        .json()
                        .path("equal")
                        .asBoolean())
                .isFalse();
        assertThat(names("images?parent=body:2")).containsExactly("body-clone");
        assertThat(names("families/body/versions/1/clones")).containsExactlyInAnyOrder("body-2", "body-clone");
        assertThat(succeed(api.get("images/body:2/lineage")).status()).isEqualTo(200);
    }

    @Test
    void aDeprecatedVersionIsClonedWithAWarningAndAnObsoleteOneIsNot() {
        family("old");
        publish("old", "1", "old-1");
        publish("old", "2", "old-2");
        Answer changed = api.patch(
                "families/old/versions/1",
                "{\"state\": \"deprecated\", \"obsoleteAt\": \"2099-01-01T00:00:00Z\", \"replacement\": \"2\"}");
        assertThat(changed.status()).as("%s", changed).isEqualTo(200);
        assertThat(changed.json().path("state").asString()).isEqualTo("deprecated");
        assertThat(changed.json().path("replacement").asString()).isEqualTo("old:2");

        Answer clone = api.postJson("images/old:1/clones", "{\"name\": \"old-clone\"}", "Idempotency-Key", "old-clone");
        Answer again = api.postJson("images/old:1/clones", "{\"name\": \"old-clone\"}", "Idempotency-Key", "old-clone");
        Answer many = api.postJson("images/old-1/clones", "{\"namePrefix\": \"old-clone-\", \"count\": 2}");
        long since =
                Instant.parse(changed.json().path("deprecatedAt").asString()).getEpochSecond();
        for (Answer answer : List.of(clone, again, many)) {
            assertThat(answer.status()).as("%s", answer).isEqualTo(201);
            assertThat(answer.header("Deprecation")).isEqualTo("@" + since);
            assertThat(answer.header("Sunset")).isEqualTo("Thu, 01 Jan 2099 00:00:00 GMT");
            assertThat(answer.header("Link")).isEqualTo("</api/v1/families/old/versions/2>; rel=\"successor-version\"");
        }
        assertThat(again.json()).isEqualTo(clone.json());
        JsonNode warning = clone.json().path("warnings").get(0);
        assertThat(warning.path("type").asString()).isEqualTo("version-deprecated");
        assertThat(warning.path("replacement").asString()).isEqualTo("old:2");
        assertThat(many.json().path("items").get(1).path("warnings").get(0)).isEqualTo(warning);

        succeed(api.patch("families/old/versions/1", "{\"state\": \"obsolete\"}"));
        for (String ref : List.of("old:1", "old-1", chains.id("old-1"))) {
            Answer refused = api.postJson("images/" + ref + "/clones", "{\"name\": \"old-more\"}");
            assertThat(refused.problem()).isEqualTo("version-obsolete");
            assertThat(refused.json().path("replacement").asString()).isEqualTo("old:2");
            assertThat(refused.json().path("action").asString()).contains("/images/old:2/clones");
        }
        chains.clone("old-other", "old:2");
        Answer rebased = api.postJson("images/old-other/rebase", "{\"onto\": \"old-1\"}");
        assertThat(rebased.problem()).isEqualTo("version-obsolete");
        assertThat(chains.parent("old-other")).isEqualTo("old-2");
        succeed(api.delete("images/old-other?purge=true"));
        assertThat(chains.image("old-clone")
                        .path("warnings")
                        .get(0)
                        .path("type")
                        .asString())
                .isEqualTo("version-obsolete");
        assertThat(api.get("images/old:1/content?format=raw", "Range", "bytes=0-511")
                        .status())
                .isEqualTo(206);

        succeed(api.delete("families/old/versions/2"));
        assertThat(api.get("families/old/versions/1").json().path("replacement").isNull())
                .isTrue();
        JsonNode told = succeed(api.get("events?type=version.changed&subject=" + chains.id("old-1")))
                .json()
                .path("items");
        assertThat(told.valueStream()
                        .map(event -> event.path("data").path("replacement").asString("none")))
                .containsExactlyInAnyOrder("old:2", "old:2", "none");
    }

    @Test
    void deprecatingTheNewestRollsBack() {
        family("back");
        publish("back", "1", "back-1");
        publish("back", "2", "back-2");
        succeed(api.patch("families/back/versions/2", "{\"state\": \"deprecated\"}"));
        assertThat(chains.image("back:latest").path("name").asString()).isEqualTo("back-1");
        succeed(api.patch("families/back/versions/2", "{\"state\": \"active\"}"));
        assertThat(chains.image("back:latest").path("name").asString()).isEqualTo("back-2");
        succeed(api.patch("families/back/versions/2", "{\"obsoleteAt\": \"2020-01-01T00:00:00Z\"}"));
        succeed(api.patch("families/back/versions/1", "{\"deprecatedAt\": \"2020-01-01T00:00:00Z\"}"));
        assertThat(api.get("images/back:latest").problem()).isEqualTo("not-found");
        assertThat(api.get("families/back/versions/latest").problem()).isEqualTo("not-found");
        Answer none = api.postJson("images/back:latest/clones", "{\"name\": \"back-clone\"}");
        assertThat(none.problem()).isEqualTo("not-found");
        assertThat(none.json().path("action").asString()).contains("/api/v1/families/back/versions");
    }

    @Test
    void changesOfACloneAreCommittedAsTheNextVersion() throws Exception {
        family("next");
        publish("next", "1", "next-base");
        chains.clone("next-clone", "next:1");
        byte[] content = chains.content("next-clone");
        Answer taken = api.postJson("images/next-clone/commit", "{\"version\": \"1\"}");
        assertThat(taken.problem()).isEqualTo("name-taken");
        assertThat(api.postJson("images/next-clone/commit", "{}").status()).isEqualTo(400);
        assertThat(chains.names()).doesNotContain("next-1");

        Answer done = api.postJson("images/next-clone/commit", "{\"version\": \"2\"}", "Prefer", "wait=30");

        assertThat(done.json().path("state").asString()).as("%s", done).isEqualTo("succeeded");
        JsonNode newest = chains.image("next:latest");
        assertThat(newest.path("name").asString()).isEqualTo("next-2");
        assertThat(newest.path("id")).isEqualTo(done.json().path("result").path("parent"));
        assertThat(done.json().path("result").path("version").asString()).isEqualTo("next:2");
        assertThat(chains.parent("next-clone")).isEqualTo("next-2");
        assertThat(chains.content("next-2")).isEqualTo(content);
        assertThat(names("families/next/versions/2/clones")).containsExactly("next-clone");
        assertThat(api.get("families/next/versions/2")
                        .json()
                        .path("publishedBy")
                        .asString())
                .isEqualTo("first-admin");

        chains.base("next-alone");
        chains.clone("next-other", "next-alone");
        Answer alone = api.postJson("images/next-other/commit", "{\"version\": \"3\"}");
        assertThat(alone.problem()).isEqualTo("invalid-request");
        assertThat(alone.json().path("detail").asString()).contains("no version of a family");
    }

    @Test
    void aCloneOfTheLatestWhoseNameIsTakenIsRefusedForThat() throws Exception {
        family("taken");
        publish("taken", "1", "taken-1");

        assertThat(api.postJson("images/taken:latest/clones", "{\"name\": \"taken-1\"}")
                        .problem())
                .isEqualTo("name-taken");
    }

    /** What becomes of the latest version, and of its image, in one transaction. */
    enum RollBack {
        DEPRECATED("update family_version set deprecated_at = published_at where image_id = '%s'"),
        OBSOLETE("update family_version set obsolete_at = published_at where image_id = '%s'"),
        UNSEALED(
                "delete from family_version where image_id = '%s'",
                "update image set sealed = false, digest = null, clonable = false, version = version + 1 where id = '%s'"),
        REMOVED("delete from family_version where image_id = '%s'", "delete from image where id = '%s'");

        private final String statements;

        RollBack(String... statements) {
            this.statements = String.join(";", statements);
        }
    }

    /** The clone waits for the row of the version that it found; by the time that it has it, that is not the latest any more. */
    @ParameterizedTest
    @EnumSource
    void aCloneThatMeetsTheRollBackIsOneOfTheVersionBefore(RollBack rollBack) throws Exception {
        String family = "meet-" + rollBack;
        family(family);
        publish(family, "1", family + "-1");
        publish(family, "2", family + "-2");
        String id = chains.id(family + "-2");
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement();
                Connection observer = database.connect();
                ExecutorService thread = Executors.newSingleThreadExecutor()) {
            connection.setAutoCommit(false);
            statement.execute("select id from image where id = '" + id + "' for update");
            for (String sql : rollBack.statements.split(";", -1)) {
                statement.execute(String.format(Locale.ROOT, sql, id));
            }
            Future<Answer> clone = thread.submit(
                    () -> api.postJson("images/" + family + ":latest/clones", "{\"name\": \"" + family + "-clone\"}"));
            while (database.waiting(observer) == 0) {
                assertThat(clone.isDone()).isFalse();
            }
            connection.commit();
            Answer made = succeed(clone.get());
            assertThat(made.json().path("parent").path("version").asString()).isEqualTo("1");
            assertThat(made.json().path("warnings").size()).isZero();
        }
        assertThat(chains.parent(family + "-clone")).isEqualTo(family + "-1");
    }

    @Test
    void whatIsPublishedStaysSealedAndThereUntilItIsTakenOut() {
        family("kept");
        publish("kept", "1", "kept-1");
        for (Answer refused : List.of(
                api.post("images/kept-1/unseal"),
                api.delete("images/kept-1"),
                api.delete("images/kept:1?purge=true"),
                api.delete("images/kept-1?children=split"),
                api.postJson("families/kept/versions", "{\"version\": \"2\", \"image\": \"kept-1\"}"))) {
            assertThat(refused.problem()).as("%s", refused).isEqualTo("image-published");
            assertThat(refused.json().path("version").asString()).isEqualTo("1");
            assertThat(refused.json().path("action").asString()).contains("DELETE /api/v1/families/kept/versions/1");
        }
        JsonNode plan = api.delete("images/kept-1?dryRun=true").json();
        assertThat(plan.path("obstacles").get(0).path("type").asString()).endsWith("image-published");
        assertThat(api.delete("families/kept").problem()).isEqualTo("family-has-versions");
        chains.clone("kept-clone", "kept:1");
        assertThat(api.delete("images/kept-1?whenChildless=true").problem()).isEqualTo("image-published");
        Answer commit = api.postJson("images/kept-clone/commit", "{\"name\": \"kept-2\", \"retire\": true}");
        assertThat(commit.problem()).isEqualTo("image-published");

        assertThat(api.delete("families/kept/versions/1").status()).isEqualTo(204);
        assertThat(api.get("images/kept:1").problem()).isEqualTo("not-found");
        assertThat(api.delete("families/kept").status()).isEqualTo(204);
        assertThat(api.get("families/kept").problem()).isEqualTo("not-found");
        succeed(api.delete("images/kept-clone?purge=true"));
        succeed(api.delete("images/kept-1"));
    }

    @Test
    void aVersionThatRetiresWithACommitIsDeprecatedInFavourOfTheNewOne() {
        family("line");
        publish("line", "1", "line-1");
        chains.clone("line-clone", "line:1");
        succeed(api.postJson(
                "images/line-clone/commit", "{\"version\": \"2\", \"retire\": true}", "Prefer", "wait=30"));

        assertThat(chains.parent("line-clone")).isEqualTo("line-2");
        JsonNode old = api.get("families/line/versions/1").json();
        assertThat(old.path("state").asString()).isEqualTo("deprecated");
        assertThat(old.path("replacement").asString()).isEqualTo("line:2");
        assertThat(api.get("families/line/versions/2").json().path("state").asString())
                .isEqualTo("active");
        assertThat(chains.names()).contains("line-1");

        // What is worse than deprecated stays so.
        chains.clone("late-clone", "line:1");
        succeed(api.patch("families/line/versions/1", "{\"state\": \"obsolete\"}"));
        succeed(api.postJson(
                "images/late-clone/commit", "{\"version\": \"3\", \"retire\": true}", "Prefer", "wait=30"));
        JsonNode obsolete = api.get("families/line/versions/1").json();
        assertThat(obsolete.path("state").asString()).isEqualTo("obsolete");
        assertThat(obsolete.path("replacement").asString()).isEqualTo("line:3");
    }

    @Test
    void aPublishedImageIsStillSplitOffAndSparsified() {
        chains.base("form-0");
        chains.sealedClone("form-1", "form-0");
        family("form");
        succeed(api.postJson("families/form/versions", "{\"version\": \"1\", \"image\": \"form-1\"}"));
        String digest = chains.image("form-1").path("digest").asString();
        succeed(api.post("images/form:1/split", "Prefer", "wait=30"));
        succeed(api.post("images/form:latest/sparsify", "Prefer", "wait=30"));
        assertThat(chains.parent("form-1")).isEmpty();
        assertThat(chains.image("form:1").path("digest").asString()).isEqualTo(digest);
        assertThat(api.postJson("images/form:1/resize", "{\"virtualSize\": \"9MiB\"}")
                        .problem())
                .isEqualTo("image-sealed");
    }

    @Test
    void familiesAndVersionsAreChangedAsTheyWereRead() {
        family("edit");
        publish("edit", "1", "edit-1");
        Answer read = api.get("families/edit");
        Answer changed = api.patch(
                "families/edit",
                "{\"description\": \"new\", \"labels\": {\"a\": \"b\"}}",
                "If-Match",
                read.header("ETag"));
        assertThat(changed.json().path("description").asString()).isEqualTo("new");
        assertThat(changed.json().path("labels").path("a").asString()).isEqualTo("b");
        assertThat(api.patch("families/edit", "{\"description\": null}", "If-Match", read.header("ETag"))
                        .problem())
                .isEqualTo("precondition-failed");
        assertThat(succeed(api.patch("families/edit", "{\"labels\": {\"a\": null}}"))
                        .json()
                        .path("labels")
                        .size())
                .isZero();
        assertThat(api.delete("families/edit", "If-Match", read.header("ETag")).problem())
                .isEqualTo("precondition-failed");

        Answer version = api.get("families/edit/versions/1");
        succeed(api.patch("families/edit/versions/1", "{\"notes\": \"n\"}", "If-Match", version.header("ETag")));
        assertThat(api.patch("families/edit/versions/1", "{\"notes\": \"m\"}", "If-Match", version.header("ETag"))
                        .problem())
                .isEqualTo("precondition-failed");
        assertThat(api.get("families/edit/versions/1").json().path("notes").asString())
                .isEqualTo("n");
        assertThat(names("families?limit=1000")).contains("edit").isSorted();
        assertThat(names("families?cursor=zzz")).isEmpty();
        JsonNode first = api.get("families?limit=1").json();
        assertThat(api.get("families?limit=1000&cursor="
                                + first.path("nextCursor").asString())
                        .json()
                        .path("items")
                        .valueStream()
                        .map(item -> item.path("name").asString()))
                .doesNotContain(first.path("items").get(0).path("name").asString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"version\": \"latest\", \"image\": \"bad-2\"}",
                "{\"version\": \"Latest\", \"image\": \"bad-2\"}",
                "{\"version\": \"a:b\", \"image\": \"bad-2\"}",
                "{\"version\": \"\", \"image\": \"bad-2\"}",
                "{\"version\": \"2\", \"image\": \"bad:\"}",
                "{\"version\": \"2\", \"image\": \"bad-2\", \"state\": \"old\"}",
                "{\"version\": \"2\"}"
            })
    void versionsOfAnotherFormAreRefused(String request) {
        api.postJson("families", "{\"name\": \"bad\"}");
        assertThat(api.postJson("families/bad/versions", request).status()).isEqualTo(400);
    }

    @Test
    void requestsOfAnotherFormAreRefused() {
        family("form-of");
        publish("form-of", "1", "form-of-1");
        for (String path :
                List.of("images/form-of:", "images/:1", "images/a:b:c", "families/a:b", "families?cursor=:")) {
            assertThat(api.get(path).status()).as(path).isEqualTo(400);
        }
        assertThat(api.postJson("families", "{\"name\": \"a:b\"}").problem()).isEqualTo("invalid-request");
        assertThat(api.postJson("families", "{\"name\": \"form-of\"}").problem())
                .isEqualTo("name-taken");
        assertThat(api.postJson("families/form-of/versions", "{\"version\": \"1\", \"image\": \"form-of-1\"}")
                        .status())
                .isEqualTo(409);
        for (String patch : List.of(
                "{\"state\": \"latest\"}",
                "{\"replacement\": \"1\"}",
                "{\"replacement\": \"form-of:latest\"}",
                "{\"version\": \"2\"}",
                "{\"deprecatedAt\": \"tomorrow\"}",
                "{\"deprecatedAt\": \"2030-01-01T00:00:00Z\", \"obsoleteAt\": \"2029-01-01T00:00:00Z\"}",
                "{\"state\": \"active\", \"obsoleteAt\": \"2020-01-01T00:00:00Z\"}")) {
            assertThat(api.patch("families/form-of/versions/1", patch).status())
                    .as(patch)
                    .isEqualTo(400);
        }
        assertThat(api.patch("families/form-of/versions/1", "{\"replacement\": \"2\"}")
                        .problem())
                .isEqualTo("not-found");
        assertThat(api.get("families/form-of/versions/1/clones?cursor=x").problem())
                .isEqualTo("invalid-request");
    }

    private void family(String name) {
        succeed(api.postJson("families", "{\"name\": \"" + name + "\"}"));
    }

    private void publish(String family, String word, String image) {
        chains.base(image);
        succeed(api.postJson(
                "families/" + family + "/versions", "{\"version\": \"" + word + "\", \"image\": \"" + image + "\"}"));
    }

    private List<String> names(String path) {
        return succeed(api.get(path))
                .json()
                .path("items")
                .valueStream()
                .map(item -> item.path("name").asString())
                .toList();
    }
}

class H2FamilyTests extends FamilyTests {}

class PostgresqlFamilyTests extends FamilyTests {
    @Override
    protected TestDatabase.Kind databaseKind() {
        return TestDatabase.Kind.POSTGRESQL;
    }
}
