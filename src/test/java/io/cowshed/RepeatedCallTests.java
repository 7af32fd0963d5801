package io.cowshed;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.ServiceTests;
import io.cowshed.testing.TestDatabase;
import java.io.ByteArrayInputStream;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.Random;
import java.util.UUID;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Every POST on images, sent twice under one {@code Idempotency-Key}, has one effect and one answer; on both databases. */
abstract class RepeatedCallTests extends ServiceTests {

    private static final String RAW = "application/octet-stream";

    @AfterEach
    void rowsAndFilesAreEachOthers() throws Exception {
        new Invariants(database, service.volume()).check();
    }

    @Test
    void aBlankImageIsMadeOnce() {
        twice(
                201,
                key -> api.postJson(
                        "images", "{\"name\": \"blank\", \"virtualSize\": \"1MiB\"}", "Idempotency-Key", key));
    }

    @Test
    void aStreamedDiskIsTakenInOnce() {
        byte[] disk = disk();
        Answer made = twice(201, key -> api.upload("images?name=streamed", RAW, disk, "Idempotency-Key", key));

        assertThat(api.get("images/streamed").json()).isEqualTo(made.json());
        assertThat(api.get("images/streamed/content").bytes()).isEqualTo(disk);
    }

    @Test
    void aStreamOfUnknownLengthIsTakenInOnce() {
        byte[] disk = disk();
        twice(
                201,
                key -> api.upload(
                        "images?name=chunked",
                        RAW,
                        BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(disk)),
                        "Idempotency-Key",
                        key));
    }

    /** Nothing of a large body is read when its answer is known already: the caller still gets it. */
    @Test
    void aLargeDiskIsTakenInOnce() {
        byte[] disk = new byte[24 << 20];
        new Random(1).nextBytes(disk);
        twice(201, key -> api.upload("images?name=large", RAW, disk, "Idempotency-Key", key));
    }

    @Test
    void aCloneIsMadeOnce() {
        sealed("one");
        twice(201, key -> api.postJson("images/one/clones", "{\"name\": \"clone\"}", "Idempotency-Key", key));

        assertThat(api.get("images/one").json().path("children").asInt()).isEqualTo(1);
    }

    @Test
    void manyClonesAreMadeOnce() {
        sealed("many");
        twice(
                201,
                key -> api.postJson(
                        "images/many/clones", "{\"namePrefix\": \"c-\", \"count\": 3}", "Idempotency-Key", key));

        assertThat(api.get("images/many").json().path("children").asInt()).isEqualTo(3);
    }

    @Test
    void aRepeatedSealDoesNotSealAgain() {
        blank("thawed");
        String key = UUID.randomUUID().toString();
        Answer sealed = api.post("images/thawed/seal", "Idempotency-Key", key);
        assertThat(sealed.status()).isEqualTo(200);
        Answer unsealed = twice(200, other -> api.post("images/thawed/unseal", "Idempotency-Key", other));

        assertSame(api.post("images/thawed/seal", "Idempotency-Key", key), sealed);

        assertThat(api.get("images/thawed").json()).isEqualTo(unsealed.json());
    }

    /** It is kept at once, and sealed after that: what is answered is what came of both. */
    @Test
    void aKeptImageThatCouldNotBeSealedIsSealedWhenTheCallIsRepeated() {
        assertThat(api.postJson("images", "{\"name\": \"passing\", \"virtualSize\": \"1MiB\", \"ttl\": \"PT1H\"}")
                        .status())
                .isEqualTo(201);
        String attachment = api.postJson("images/passing/attachments", "{\"holder\": \"vm\"}")
                .json()
                .path("id")
                .asString();
        String key = UUID.randomUUID().toString();
        assertThat(api.postJson("images/passing/keep", "{\"seal\": true}", "Idempotency-Key", key)
                        .problem())
                .isEqualTo("image-attached");
        assertThat(api.delete("attachments/" + attachment).status()).isEqualTo(200);

        Answer repeated = api.postJson("images/passing/keep", "{\"seal\": true}", "Idempotency-Key", key);

        assertThat(repeated.status()).as("%s", repeated).isEqualTo(200);
        assertThat(repeated.json().path("sealed").asBoolean()).isTrue();
        assertSame(api.postJson("images/passing/keep", "{\"seal\": true}", "Idempotency-Key", key), repeated);
    }

    @Test
    void aRefusedImportCanBeRepeatedUnderItsKey() {
        blank("taken");
        String key = UUID.randomUUID().toString();
        byte[] disk = disk();
        assertThat(api.upload("images?name=taken", RAW, disk, "Idempotency-Key", key)
                        .problem())
                .isEqualTo("name-taken");
        api.delete("images/taken?purge=true");

        assertThat(api.upload("images?name=taken", RAW, disk, "Idempotency-Key", key)
                        .status())
                .isEqualTo(201);
    }

    private static Answer twice(int status, Function<String, Answer> call) {
        String key = UUID.randomUUID().toString();
        Answer first = call.apply(key);
        assertThat(first.status()).as("%s", first).isEqualTo(status);
        assertSame(call.apply(key), first);
        return first;
    }

    private static void assertSame(Answer repeated, Answer first) {
        assertThat(repeated.status()).as("%s", repeated).isEqualTo(first.status());
        assertThat(repeated.bytes()).isEqualTo(first.bytes());
        for (String header : new String[] {"Location", "ETag", "Content-Type"}) {
            assertThat(repeated.header(header)).as(header).isEqualTo(first.header(header));
        }
    }

    private void blank(String name) {
        assertThat(api.postJson("images", "{\"name\": \"%s\", \"virtualSize\": \"1MiB\"}".formatted(name))
                        .status())
                .isEqualTo(201);
    }

    private void sealed(String name) {
        blank(name);
        assertThat(api.post("images/" + name + "/seal").status()).isEqualTo(200);
    }

    private static byte[] disk() {
        byte[] disk = new byte[1 << 20];
        new Random(1).nextBytes(disk);
        return disk;
    }
}

class H2RepeatedCallTests extends RepeatedCallTests {}

class PostgresqlRepeatedCallTests extends RepeatedCallTests {
    @Override
    protected TestDatabase.Kind databaseKind() {
        return TestDatabase.Kind.POSTGRESQL;
    }
}
