package io.cowshed;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.oracle.QemuImg;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.ServiceTests;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.VerbChains;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Images and the graph of them, as a script sees them over HTTP; on both databases. */
abstract class ImagesApiTests extends ServiceTests {

    @AfterAll
    void rowsAndFilesAreEachOthers() throws Exception {
        new Invariants(database, service.volume()).check();
    }

    @Test
    void aDescriptionIsFoundWhateverBecomesOfItInLowerCase() {
        String longest = "\u0130".repeat(2000);
        Answer made = api.postJson(
                "images", "{\"name\": \"dotted\", \"virtualSize\": 512, \"description\": \"" + longest + "\"}");
        assertThat(made.status()).as("%s", made).isEqualTo(201);
        assertThat(api.patch("images/dotted", "{\"description\": \"\u039f\u0394\u039f\u03a3\"}")
                        .status())
                .isEqualTo(200);

        // A sigma by itself, where the word ends with it.
        assertThat(api.get("images?q=%CE%A3").json().path("items").size()).isEqualTo(1);
    }

    @Test
    void aBlankImageIsWhatWasAskedFor() {
        Answer made = api.postJson("images", """
                {"name": "blank", "virtualSize": "20GiB", "description": "scratch", "labels": {"team": "net"},
                 "ttl": "PT8H"}""");

        assertThat(made.status()).as("%s", made).isEqualTo(201);
        JsonNode image = made.json();
        assertThat(made.header("Location"))
                .isEqualTo("/api/v1/images/" + image.path("id").asString());
        assertThat(image.path("virtualSize").asLong()).isEqualTo(20L << 30);
        assertThat(image.path("labels").path("team").asString()).isEqualTo("net");
        assertThat(image.path("description").asString()).isEqualTo("scratch");
        assertThat(image.path("lifetime").asString()).isEqualTo("disposable");
        assertThat(Duration.between(
                        Instant.parse(image.path("createdAt").asString()),
                        Instant.parse(image.path("expiresAt").asString())))
                .isBetween(Duration.ofMinutes(479), Duration.ofMinutes(481));
        assertThat(image.path("createdBy").asString()).isEqualTo("first-admin");
        assertThat(image.path("state").asString()).isEqualTo("available");
        assertThat(image.path("parent").isNull()).isTrue();
        assertThat(image.path("depth").asInt()).isZero();
        assertThat(image.path("digest").isNull()).isTrue();
        assertThat(image.path("allocatedSize").asLong()).isLessThan(1 << 20);
        assertThat(QemuImg.run("info", file("blank").toString())).contains("virtual size: 20 GiB");
    }

    @Test
    void anImageIsFoundByItsLocationItsIdAndItsName() {
        Answer made = blank("findable");
        String id = made.json().path("id").asString();

        for (String path : List.of(made.header("Location"), "images/" + id, "images/findable")) {
            Answer found = api.get(path);
            assertThat(found.status()).isEqualTo(200);
            assertThat(found.json()).isEqualTo(made.json());
            assertThat(found.header("ETag")).isEqualTo(made.header("ETag")).isNotEmpty();
        }
        assertThat(api.get("images/nobody").problem()).isEqualTo("not-found");
        assertThat(api.get("images/00000000-0000-4000-8000-000000000000").problem())
                .isEqualTo("not-found");
    }

    @Test
    void anUnchangedImageIsNotSentAgain() {
        String tag = blank("cached").header("ETag");
        assertThat(api.get("images/cached", "If-None-Match", tag).status()).isEqualTo(304);
        Answer any = api.get("images/cached", "If-None-Match", "*");
        assertThat(any.status()).isEqualTo(304);
        assertThat(any.header("ETag")).isEqualTo(tag);

        api.patch("images/cached", "{\"description\": \"new\"}");

        assertThat(api.get("images/cached", "If-None-Match", tag).status()).isEqualTo(200);
    }

    @Test
    void aDiskIsMadeOfWholeSectors() {
        assertThat(api.postJson("images", "{\"name\": \"odd\", \"virtualSize\": 1000}")
                        .json()
                        .path("virtualSize")
                        .asLong())
                .isEqualTo(1024);
    }

    @Test
    void listsWhatEveryFilterAsksFor() {
        api.postJson(
                "images",
                "{\"name\": \"f-base\", \"virtualSize\": \"1MiB\", \"labels\": {\"team\": \"net\", \"env\": \"prod\"}}");
        api.post("images/f-base/seal");
        api.postJson("images/f-base/clones", "{\"name\": \"f-clone\", \"labels\": {\"team\": \"net\"}}");
        api.postJson(
                "images/f-base/clones", "{\"name\": \"f-lab\", \"ttl\": \"PT1H\", \"description\": \"For Lab 100%\"}");

        assertThat(names("q=F-")).containsExactly("f-base", "f-clone", "f-lab");
        assertThat(names("q=lab%20100%25")).containsExactly("f-lab");
        assertThat(names("q=f_")).isEmpty();
        assertThat(names("q=f-&label=team=net")).containsExactly("f-base", "f-clone");
        assertThat(names("q=f-&label=team=net,env!=prod")).containsExactly("f-clone");
        assertThat(names("q=f-&label=env")).containsExactly("f-base");
        assertThat(names("q=f-&label=!team")).containsExactly("f-lab");
        assertThat(names("q=f-&sealed=true")).containsExactly("f-base");
        assertThat(names("q=f-&sealed=false")).containsExactly("f-clone", "f-lab");
        assertThat(names("q=f-&lifetime=disposable")).containsExactly("f-lab");
        assertThat(names("q=f-&lifetime=persistent")).containsExactly("f-base", "f-clone");
        assertThat(names("parent=f-base")).containsExactly("f-clone", "f-lab");
        assertThat(names("parent=f-base&sort=-name")).containsExactly("f-lab", "f-clone");
        assertThat(names("q=f-&state=available")).hasSize(3);
        assertThat(names("q=f-&state=creating,trashed")).isEmpty();
        assertThat(api.get("images?parent=nobody").problem()).isEqualTo("not-found");
        for (String bad :
                List.of("sort=size", "limit=0", "limit=1001", "state=odd", "sealed=maybe", "label==", "cursor=x")) {
            assertThat(api.get("images?" + bad).problem()).as(bad).isEqualTo("invalid-request");
        }
    }

    @Test
    void pagesTogetherAreTheWholeListInEveryOrder() {
        for (int number : List.of(3, 1, 5, 2, 4)) {
            // Two of one size, so that the order within a size is told, too.
            api.postJson(
                    "images", "{\"name\": \"page-%d\", \"virtualSize\": %d}".formatted(number, (number / 2 + 1) << 20));
        }
        List<String> byAge = List.of("page-3", "page-1", "page-5", "page-2", "page-4");
        List<String> byName = List.of("page-1", "page-2", "page-3", "page-4", "page-5");

        assertThat(paged("q=page-")).isEqualTo(byAge);
        assertThat(paged("q=page-&sort=createdAt")).isEqualTo(byAge);
        assertThat(paged("q=page-&sort=-createdAt")).isEqualTo(byAge.reversed());
        assertThat(paged("q=page-&sort=name")).isEqualTo(byName);
        assertThat(paged("q=page-&sort=-name")).isEqualTo(byName.reversed());
        assertThat(paged("q=page-&sort=virtualSize"))
                .isEqualTo(List.of("page-1", "page-3", "page-2", "page-5", "page-4"));
        assertThat(paged("q=page-&sort=-virtualSize"))
                .isEqualTo(List.of("page-4", "page-5", "page-2", "page-3", "page-1"));
    }

    @Test
    void aMergePatchChangesWhatItNames() {
        String tag = api.postJson(
                        "images",
                        "{\"name\": \"patch\", \"virtualSize\": 512, \"labels\": {\"a\": \"1\", \"b\": \"2\"}, \"ttl\": \"PT1H\"}")
                .header("ETag");

        String expiry = Instant.now()
                .plus(Duration.ofDays(20))
                .truncatedTo(ChronoUnit.MILLIS)
                .toString();

        Answer changed = api.patch("images/patch", """
                {"name": "patched", "description": "d", "labels": {"a": null, "c": "3"}, "protected": true,
                 "expiresAt": "%s"}""".formatted(expiry), "If-Match", tag);

        assertThat(changed.status()).as("%s", changed).isEqualTo(200);
        JsonNode image = changed.json();
        assertThat(image.path("name").asString()).isEqualTo("patched");
        assertThat(image.path("labels").toString()).isEqualTo("{\"b\":\"2\",\"c\":\"3\"}");
        assertThat(image.path("protected").asBoolean()).isTrue();
        assertThat(image.path("expiresAt").asString()).isEqualTo(expiry);
        assertThat(api.get("images/patched").json()).isEqualTo(image);
        assertThat(api.get("images/patch").problem()).isEqualTo("not-found");
        assertThat(api.patch("images/patched", "{\"description\": \"late\"}", "If-Match", tag)
                        .problem())
                .isEqualTo("precondition-failed");
        assertThat(api.patch("images/patched", "{\"description\": null}", "If-Match", changed.header("ETag"))
                        .json()
                        .path("description")
                        .asString())
                .isEmpty();
        assertThat(api.patch("images/patched", "{\"virtualSize\": 1}").problem())
                .isEqualTo("invalid-request");
    }

    @Test
    void aNameHasOneHolder() {
        String id = blank("held").json().path("id").asString();
        blank("rival");

        for (Answer refused : List.of(blank("held"), api.patch("images/rival", "{\"name\": \"held\"}"))) {
            assertThat(refused.status()).isEqualTo(409);
            assertThat(refused.problem()).isEqualTo("name-taken");
            assertThat(refused.toString()).contains(id);
        }
        assertThat(api.delete("images/held?purge=true").status()).isEqualTo(204);
        assertThat(api.patch("images/rival", "{\"name\": \"held\"}").status()).isEqualTo(200);
    }

    @Test
    void anImageIsSealedAndThawedAsItWasRead() {
        String tag = VerbChains.succeed(api.postJson("images", "{\"name\": \"tagged\", \"virtualSize\": \"1MiB\"}"))
                .header("ETag");
        assertThat(api.post("images/tagged/seal", "If-Match", "\"99\"").problem())
                .isEqualTo("precondition-failed");
        String sealed = VerbChains.succeed(api.post("images/tagged/seal", "If-Match", tag))
                .header("ETag");
        assertThat(api.post("images/tagged/unseal", "If-Match", tag).problem()).isEqualTo("precondition-failed");
        VerbChains.succeed(api.post("images/tagged/unseal", "If-Match", sealed));
    }

    @Test
    void aRemovedImageIsGoneWithItsFile() {
        blank("doomed");
        Path file = file("doomed");
        String tag = api.patch("images/doomed", "{\"protected\": true}").header("ETag");
        assertThat(api.delete("images/doomed?purge=true").problem()).isEqualTo("image-protected");
        String fresh = api.patch("images/doomed", "{\"protected\": false}").header("ETag");
        assertThat(api.delete("images/doomed?purge=true", "If-Match", tag).problem())
                .isEqualTo("precondition-failed");
        assertThat(file).exists();

        assertThat(api.delete("images/doomed?purge=true", "If-Match", "W/" + fresh)
                        .problem())
                .isEqualTo("precondition-failed");
        assertThat(api.delete("images/doomed?purge=true", "If-Match", tag + ", " + fresh)
                        .status())
                .isEqualTo(204);

        assertThat(api.get("images/doomed").problem()).isEqualTo("not-found");
        assertThat(api.delete("images/doomed?purge=true").problem()).isEqualTo("not-found");
        assertThat(file).doesNotExist();
    }

    @Test
    void aCloneIsAnOverlayOfItsParent() {
        String parent = sealed("c-base");

        Answer made = api.postJson(
                "images/c-base/clones",
                "{\"name\": \"c-1\", \"virtualSize\": \"2MiB\", \"labels\": {\"k\": \"v\"}, \"lifetime\": \"persistent\"}");

        assertThat(made.status()).as("%s", made).isEqualTo(201);
        JsonNode clone = made.json();
        assertThat(made.header("Location"))
                .isEqualTo("/api/v1/images/" + clone.path("id").asString());
        assertThat(clone.path("parent").path("id").asString()).isEqualTo(parent);
        assertThat(clone.path("parent").path("name").asString()).isEqualTo("c-base");
        assertThat(clone.path("depth").asInt()).isEqualTo(1);
        assertThat(clone.path("virtualSize").asLong()).isEqualTo(2 << 20);
        assertThat(clone.path("allocatedSize").asLong()).isLessThanOrEqualTo(24 << 10);
        assertThat(api.get("images/c-base").json().path("children").asInt()).isEqualTo(1);
        assertThat(QemuImg.run("info", file("c-1").toString()))
                .contains("backing file: " + parent + ".qcow2", "backing file format: qcow2");
    }

    @Test
    void manyClonesAreNumberedAndAllOrNone() {
        sealed("m-base");
        Answer made = api.postJson("images/m-base/clones", "{\"namePrefix\": \"m-\", \"count\": 12}");
        assertThat(made.status()).as("%s", made).isEqualTo(201);
        assertThat(strings(made.json().path("items"), "name"))
                .isEqualTo(IntStream.rangeClosed(1, 12)
                        .mapToObj("m-%02d"::formatted)
                        .toList());
        assertThat(strings(api.get(made.header("Location")).json().path("items"), "name"))
                .hasSize(12);
        blank("n-7");

        Answer refused = api.postJson("images/m-base/clones", "{\"namePrefix\": \"n-\", \"count\": 9}");

        assertThat(refused.problem()).isEqualTo("name-taken");
        assertThat(names("q=n-&parent=m-base")).isEmpty();
    }

    @Test
    void cloningIsRefusedWhereARuleForbidsIt() {
        blank("u-base");
        Answer unsealed = api.postJson("images/u-base/clones", "{\"name\": \"u-1\"}");
        assertThat(unsealed.problem()).isEqualTo("image-not-sealed");
        assertThat(unsealed.json().path("action").asString()).contains("/seal");
        api.post("images/u-base/seal");
        for (String bad : List.of(
                "{\"name\": \"u-1\", \"virtualSize\": 512}",
                "{}",
                "{\"name\": \"u-1\", \"namePrefix\": \"u-\", \"count\": 2}",
                "{\"namePrefix\": \"u-\"}",
                "{\"namePrefix\": \"u-\", \"count\": 1001}",
                "{\"name\": \"u 1\"}",
                "{\"name\": \"u-1\", \"lifetime\": \"persistent\", \"ttl\": \"PT1H\"}",
                "{\"name\": \"u-1\", \"lifetime\": \"disposable\"}")) {
            assertThat(api.postJson("images/u-base/clones", bad).problem())
                    .as(bad)
                    .isEqualTo("invalid-request");
        }
        assertThat(api.postJson("images/nobody/clones", "{\"name\": \"u-1\"}").problem())
                .isEqualTo("not-found");
        assertThat(names("parent=u-base")).isEmpty();
    }

    @Test
    void aChainHasALimit() {
        String parent = sealed("deep-0");
        for (int depth = 1; depth <= 16; depth++) {
            Answer made = api.postJson("images/" + parent + "/clones", "{\"name\": \"deep-%d\"}".formatted(depth));
            assertThat(made.status()).as("%s", made).isEqualTo(201);
            assertThat(made.json().path("depth").asInt()).isEqualTo(depth);
            parent = made.json().path("id").asString();
            assertThat(api.post("images/" + parent + "/seal").status()).isEqualTo(200);
        }
        assertThat(api.postJson("images/deep-16/clones", "{\"name\": \"deep-17\"}")
                        .problem())
                .isEqualTo("depth-limit");
    }

    @Test
    void sealingAndUnsealingChangeTheFileAndAreRepeatable() throws IOException {
        blank("s-base");

        Answer sealed = api.post("images/s-base/seal");

        assertThat(sealed.status()).isEqualTo(200);
        assertThat(sealed.json().path("sealed").asBoolean()).isTrue();
        assertThat(sealed.json().path("digest").asString()).startsWith("blkhash-sha256:");
        assertThat(mode("s-base")).isEqualTo("r--r--r--");
        Answer again = api.post("images/s-base/seal");
        assertThat(again.json()).isEqualTo(sealed.json());
        assertThat(again.header("ETag")).isEqualTo(sealed.header("ETag"));

        api.postJson("images/s-base/clones", "{\"name\": \"s-clone\"}");
        Answer refused = api.post("images/s-base/unseal");
        assertThat(refused.problem()).isEqualTo("image-has-children");
        assertThat(refused.toString()).contains("s-clone");
        assertThat(api.delete("images/s-base?purge=true").problem()).isEqualTo("image-has-children");
        assertThat(mode("s-base")).isEqualTo("r--r--r--");
        api.delete("images/s-clone?purge=true");

        Answer unsealed = api.post("images/s-base/unseal");
        assertThat(unsealed.json().path("sealed").asBoolean()).isFalse();
        assertThat(unsealed.json().path("digest").isNull()).isTrue();
        assertThat(mode("s-base")).isEqualTo("rw-rw----");
        assertThat(api.post("images/s-base/unseal").json()).isEqualTo(unsealed.json());
    }

    @Test
    void lineageShowsAncestorsAndDescendants() {
        sealed("l-base");
        api.postJson("images/l-base/clones", "{\"name\": \"l-1\"}");
        api.post("images/l-1/seal");
        api.postJson("images/l-base/clones", "{\"name\": \"l-2\"}");
        api.postJson("images/l-1/clones", "{\"namePrefix\": \"l-1-\", \"count\": 2}");

        JsonNode middle = api.get("images/l-1/lineage").json();
        JsonNode base = api.get("images/l-base/lineage").json().path("image");
        JsonNode leaf = api.get("images/l-1-2/lineage").json();

        assertThat(strings(middle.path("ancestors"), "name")).containsExactly("l-base");
        assertThat(strings(middle.path("image").path("descendants"), "name")).containsExactly("l-1-1", "l-1-2");
        assertThat(middle.path("image").path("depth").asInt()).isEqualTo(1);
        assertThat(strings(base.path("descendants"), "name")).containsExactly("l-1", "l-2");
        assertThat(base.path("descendants").get(0).path("children").asInt()).isEqualTo(2);
        assertThat(strings(base.path("descendants").get(0).path("descendants"), "name"))
                .containsExactly("l-1-1", "l-1-2");
        assertThat(strings(leaf.path("ancestors"), "name")).containsExactly("l-1", "l-base");
        assertThat(strings(leaf.path("ancestors"), "depth")).containsExactly("1", "0");
    }

    private Answer blank(String name) {
        return api.postJson("images", "{\"name\": \"%s\", \"virtualSize\": \"1MiB\"}".formatted(name));
    }

    private String sealed(String name) {
        String id = blank(name).json().path("id").asString();
        assertThat(api.post("images/" + id + "/seal").status()).isEqualTo(200);
        return id;
    }

    private Path file(String image) {
        return service.volume()
                .resolve(api.get("images/" + image).json().path("path").asString());
    }

    private String mode(String image) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file(image)));
    }

    private List<String> names(String query) {
        Answer answer = api.get("images?" + query);
        assertThat(answer.status()).as("%s", answer).isEqualTo(200);
        return strings(answer.json().path("items"), "name");
    }

    /** In pages of two. Images of one size are in the order of their ids, which is that of their making. */
    private List<String> paged(String query) {
        List<String> all = new ArrayList<>();
        String cursor = "";
        do {
            Answer page = api.get("images?limit=2&" + query + cursor);
            assertThat(page.status()).as("%s", page).isEqualTo(200);
            List<String> names = strings(page.json().path("items"), "name");
            assertThat(names).hasSizeBetween(1, 2);
            all.addAll(names);
            JsonNode next = page.json().path("nextCursor");
            cursor = next.isNull() ? "" : "&cursor=" + next.asString();
        } while (!cursor.isEmpty());
        return Collections.unmodifiableList(all);
    }

    private static List<String> strings(JsonNode items, String field) {
        return items.valueStream().map(item -> item.path(field).asString()).toList();
    }
}

class H2ImagesApiTests extends ImagesApiTests {}

class PostgresqlImagesApiTests extends ImagesApiTests {
    @Override
    protected TestDatabase.Kind databaseKind() {
        return TestDatabase.Kind.POSTGRESQL;
    }
}
