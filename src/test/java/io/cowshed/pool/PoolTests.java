package io.cowshed.pool;

import static io.cowshed.testing.Eventually.until;
import static io.cowshed.testing.VerbChains.succeed;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.ApiClient;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.ServiceTests;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.TestService;
import io.cowshed.testing.VerbChains;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Clones that are made ahead, over HTTP, on both databases. */
@Timeout(120)
abstract class PoolTests extends ServiceTests {

    private VerbChains chains;

    @SuppressWarnings("NullAway.Init") // before the first test
    PoolTests() {}

    @BeforeAll
    void makeChains() {
        chains = new VerbChains(service);
    }

    @Test
    void clonesLieReadyAndAreHandedOver() {
        family("story", "1");
        assertThat(api.get("families/story/pool").problem()).isEqualTo("not-found");
        Answer made = put("story", 3);
        assertThat(made.status()).as("%s", made).isEqualTo(201);
        assertThat(made.header("Location")).isEqualTo("/api/v1/families/story/pool");
        assertThat(made.json().path("size").asInt()).isEqualTo(3);
        assertThat(made.json().path("version").asString()).isEqualTo("1");
        awaitReady("story", 3);
        JsonNode pooled = pooled("story");
        assertThat(pooled.size()).isEqualTo(3);
        for (JsonNode clone : pooled) {
            assertThat(clone.path("name").asString()).matches("pool-story-[0-9a-f]{12}");
            assertThat(clone.path("parent").path("version").asString()).isEqualTo("1");
        }

        Answer claimed = api.postJson(
                "families/story/claims",
                "{\"name\": \"story-job\", \"description\": \"mine\", \"labels\": {\"job\": \"7\"}, \"ttl\": \"PT8H\","
                        + " \"onExpire\": \"delete\", \"beforeDelete\": {\"copy\": \"story-results\"}}");

        assertThat(claimed.status()).as("%s", claimed).isEqualTo(201);
        assertThat(claimed.header("Cowshed-Pooled")).isEqualTo("true");
        JsonNode image = claimed.json();
        assertThat(ids(pooled)).contains(image.path("id").asString());
        assertThat(claimed.header("Location"))
                .isEqualTo("/api/v1/images/" + image.path("id").asString());
        assertThat(image.path("name").asString()).isEqualTo("story-job");
        assertThat(image.path("description").asString()).isEqualTo("mine");
        assertThat(image.path("labels").toString()).isEqualTo("{\"job\":\"7\"}");
        assertThat(image.path("lifetime").asString()).isEqualTo("disposable");
        assertThat(image.path("createdBy").asString()).isEqualTo("first-admin");
        assertThat(Instant.parse(image.path("createdAt").asString()))
                .isAfter(Instant.parse(pooled.get(0).path("createdAt").asString()));
        Answer shown = succeed(api.get("images/story-job"));
        assertThat(shown.json()).isEqualTo(image);
        assertThat(shown.header("ETag")).isEqualTo(claimed.header("ETag"));
        assertThat(names("images?q=mine")).containsExactly("story-job");
        assertThat(names("images?label=job%3D7")).containsExactly("story-job");
        chains.write("story-job", "write -P 7 0 64k");
        awaitReady("story", 3);
        assertThat(ids(pooled("story"))).doesNotContain(image.path("id").asString());
    }

    @Test
    void aRepeatedClaimIsAnsweredWithTheSameClone() {
        family("again", "1");
        put("again", 2);
        awaitReady("again", 2);
        Answer one = api.postJson("families/again/claims", "{\"name\": \"again-job\"}", "Idempotency-Key", "again");
        Answer other = api.postJson("families/again/claims", "{\"name\": \"again-job\"}", "Idempotency-Key", "again");
        assertThat(other.status()).as("%s", other).isEqualTo(201);
        assertThat(other.json()).isEqualTo(one.json());
        assertThat(other.header("Cowshed-Pooled")).isEqualTo("true");
        assertThat(api.postJson("families/again/claims", "{\"name\": \"again-job\"}")
                        .problem())
                .isEqualTo("name-taken");
        awaitReady("again", 2);
    }

    @Test
    void aClaimIsAnEventOfItsOwn() {
        family("told", "1");
        put("told", 1);
        awaitReady("told", 1);
        String id = claim("told", "told-job").json().path("id").asString();
        List<String> told = new ArrayList<>();
        while (told.size() < 2) {
            told = succeed(api.get("events?type=image.created&limit=200"))
                    .json()
                    .path("items")
                    .valueStream()
                    .filter(event -> event.path("subject").path("id").asString().equals(id))
                    .map(event -> event.path("principal").asString() + " "
                            + event.path("subject").path("name").asString())
                    .toList();
        }
        assertThat(told).hasSize(2).contains("first-admin told-job").anyMatch(line -> line.startsWith("cowshed pool-"));
    }

    @Test
    void aClaimNeverFailsBecauseThePoolIsEmpty() {
        family("empty", "1");
        Answer without = claim("empty", "empty-0");
        assertThat(without.header("Cowshed-Pooled")).isEqualTo("false");
        assertThat(without.json().path("parent").path("version").asString()).isEqualTo("1");
        put("empty", 0);
        assertThat(claim("empty", "empty-1").header("Cowshed-Pooled")).isEqualTo("false");
        assertThat(api.postJson("families/none/claims", "{\"name\": \"x\"}").problem())
                .isEqualTo("not-found");
        succeed(api.postJson("families", "{\"name\": \"versionless\"}"));
        put("versionless", 5);
        upkeep(service).lookAfterAll();
        JsonNode pool = pool("versionless");
        assertThat(pool.path("ready").asInt()).isZero();
        assertThat(pool.path("version").isNull()).isTrue();
        assertThat(api.postJson("families/versionless/claims", "{\"name\": \"x\"}")
                        .problem())
                .isEqualTo("not-found");
    }

    @Test
    void ofSixteenAtOnceEightTakeWhatIsReadyAndAllGetDifferentOnes() throws Exception {
        family("rush", "1");
        put("rush", 8);
        awaitReady("rush", 8);
        List<Answer> answers = new ArrayList<>();
        try (PausedUpkeep _ = new PausedUpkeep(upkeep(service));
                ExecutorService callers = Executors.newFixedThreadPool(16)) {
            List<Future<Answer>> calls = IntStream.range(0, 16)
                    .mapToObj(i -> callers.submit(() -> claim("rush", "rush-" + i)))
                    .toList();
            for (Future<Answer> call : calls) {
                answers.add(call.get());
            }
        }
        assertThat(answers.stream().map(answer -> answer.header("Cowshed-Pooled")))
                .filteredOn("true"::equals)
                .hasSize(8);
        assertThat(answers.stream().map(answer -> answer.json().path("id").asString()))
                .doesNotHaveDuplicates();
        awaitReady("rush", 8);
        assertThat(pooled("rush").size()).isEqualTo(8);
    }

    @Test
    void twoReplicasNeverEndAboveTheSize(@TempDir Path data) throws Exception {
        family("twins", "1");
        try (TestService other = service.another(database, data.resolve("other"))) {
            succeed(api.call("PUT", "families/twins/pool", BodyPublishers.ofString("{\"size\": 0}"), JSON));
            try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
                for (int size : new int[] {30, 7, 45}) {
                    execute("update pool set pool_size = " + size + " where family_id ="
                            + " (select id from family where name = 'twins')");
                    List<Future<?>> both = List.of(
                            threads.submit(() -> upkeep(service).lookAfterAll()),
                            threads.submit(() -> upkeep(other).lookAfterAll()));
                    for (Future<?> one : both) {
                        one.get();
                    }
                    awaitReady("twins", size);
                    awaitPooled("twins", size);
                }
            }
            List<String> taken = new ArrayList<>();
            try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
                List<Future<Answer>> calls = IntStream.range(0, 40)
                        .mapToObj(i ->
                                threads.submit(() -> claim(i % 2 == 0 ? api : other.api(), "twins", "twins-" + i)))
                        .toList();
                for (Future<Answer> call : calls) {
                    taken.add(call.get().json().path("id").asString());
                }
            }
            assertThat(taken).doesNotHaveDuplicates();
            awaitReady("twins", 45);
            assertThat(pooled("twins").size()).isEqualTo(45);
        }
    }

    @Test
    void thePoolFollowsTheLatestVersion() {
        family("moves", "1");
        put("moves", 2);
        awaitReady("moves", 2);
        List<String> old = ids(pooled("moves"));
        publish("moves", "2");

        Answer claimed = claim("moves", "moves-job");
        assertThat(claimed.json().path("parent").path("version").asString()).isEqualTo("2");

        upkeep(service).lookAfterAll();
        assertThat(pool("moves").path("version").asString()).isEqualTo("2");
        assertThat(pool("moves").path("ready").asInt()).isEqualTo(2);
        old.forEach(id -> assertThat(api.get("images/" + id).status()).isEqualTo(404));

        succeed(api.patch("families/moves/versions/2", "{\"state\": \"deprecated\"}"));
        Answer back = claim("moves", "moves-job-2");
        assertThat(back.json().path("parent").path("version").asString()).isEqualTo("1");
        succeed(api.patch("families/moves/versions/1", "{\"state\": \"obsolete\"}"));
        assertThat(api.postJson("families/moves/claims", "{\"name\": \"x\"}").problem())
                .isEqualTo("not-found");
        upkeep(service).lookAfterAll();
        assertThat(pool("moves").path("ready").asInt()).isZero();
        assertThat(pooled("moves").size()).isZero();
    }

    /** Nobody has had them, though they are not as they were made: they lie on what the version lay on. */
    @Test
    void clonesOfAVersionThatIsRemovedFromUnderThemGo() {
        family("under", "1");
        put("under", 3);
        awaitReady("under", 3);
        List<String> clones = ids(pooled("under"));
        try (PausedUpkeep _ = new PausedUpkeep(upkeep(service))) {
            succeed(api.delete("families/under/versions/1"));
            assertThat(succeed(api.delete("images/base-under-1?children=redirect&purge=true", "Prefer", "wait=30"))
                            .json()
                            .path("state")
                            .asString())
                    .isEqualTo("succeeded");
        }
        upkeep(service).lookAfterAll();
        clones.forEach(id -> assertThat(api.get("images/" + id).problem()).isEqualTo("not-found"));
    }

    @Test
    void aSmallerPoolAndNoPoolLetTheirClonesGo() {
        family("less", "1");
        Answer made = put("less", 4);
        awaitReady("less", 4);
        assertThat(put("less", 1001).problem()).isEqualTo("invalid-request");
        assertThat(api.call("PUT", "families/less/pool", BodyPublishers.ofString("{}"), JSON)
                        .problem())
                .isEqualTo("invalid-request");
        Answer smaller = api.call(
                "PUT",
                "families/less/pool",
                BodyPublishers.ofString("{\"size\": 1}"),
                "Content-Type",
                "application/json",
                "If-Match",
                made.header("ETag"));
        assertThat(smaller.status()).as("%s", smaller).isEqualTo(200);
        awaitPooled("less", 1);
        assertThat(pool("less").path("ready").asInt()).isEqualTo(1);
        assertThat(api.delete("families/less/pool", "If-Match", made.header("ETag"))
                        .problem())
                .isEqualTo("precondition-failed");

        succeed(api.delete("families/less/pool"));
        assertThat(api.get("families/less/pool").problem()).isEqualTo("not-found");
        awaitPooled("less", 0);

        put("less", 2);
        awaitReady("less", 2);
        succeed(api.delete("families/less/versions/1"));
        succeed(api.delete("families/less"));
        upkeep(service).lookAfterAll();
        awaitPooled("less", 0);
        succeed(api.delete("images/base-less-1"));
    }

    @Test
    void whatSomebodyHasTouchedIsNotHandedOver() {
        family("touched", "1");
        put("touched", 4);
        awaitReady("touched", 4);
        List<String> ids = ids(pooled("touched"));
        try (PausedUpkeep _ = new PausedUpkeep(upkeep(service))) {
            succeed(api.patch("images/" + ids.get(0), "{\"name\": \"touched-renamed\"}"));
            String attachment = succeed(api.postJson("images/" + ids.get(1) + "/attachments", "{\"holder\": \"me\"}"))
                    .json()
                    .path("id")
                    .asString();
            succeed(api.delete("attachments/" + attachment));
            succeed(api.call(
                    "PUT",
                    "images/" + ids.get(2) + "/seed",
                    BodyPublishers.ofString("{\"userData\": \"#!/bin/sh\"}"),
                    JSON));
            succeed(api.delete("images/" + ids.get(3)));
            assertThat(pool("touched").path("ready").asInt()).isZero();
            assertThat(claim("touched", "touched-job").header("Cowshed-Pooled")).isEqualTo("false");
        }
        upkeep(service).lookAfterAll();
        for (String id : ids.subList(0, 3)) {
            JsonNode image = succeed(api.get("images/" + id)).json();
            assertThat(image.path("state").asString()).isEqualTo("available");
            assertThat(image.path("labels").has("cowshed.pool")).isFalse();
        }
        awaitReady("touched", 4);
        succeed(api.post("images/" + ids.get(3) + "/restore"));
        upkeep(service).lookAfterAll();
        assertThat(succeed(api.get("images/" + ids.get(3)))
                        .json()
                        .path("labels")
                        .has("cowshed.pool"))
                .isFalse();
        assertThat(pool("touched").path("ready").asInt()).isEqualTo(4);
    }

    @Test
    void whatCannotBeMadeIsTriedAgainAfterAPause() throws Exception {
        family("fails", "1");
        MovedClock clock = new MovedClock();
        Path file = chains.file("base-fails-1");
        Path away = file.resolveSibling("away");
        try (PausedUpkeep _ = new PausedUpkeep(upkeep(service));
                PoolUpkeep own = new PoolUpkeep(service.bean(Pools.class), service.bean(PoolStock.class), clock)) {
            put("fails", 2);
            Files.move(file, away);
            own.lookAfterAll();
            Files.move(away, file);
            own.lookAfterAll();
            assertThat(pool("fails").path("ready").asInt()).isZero();
            assertThat(claim("fails", "fails-job").header("Cowshed-Pooled")).isEqualTo("false");
            clock.now = clock.now.plusSeconds(5);
            own.lookAfterAll();
            assertThat(pool("fails").path("ready").asInt()).isEqualTo(2);
        }
    }

    @Test
    void readersSeeAndOperatorsTake() {
        family("roles", "1");
        put("roles", 0);
        ApiClient reader = token("roles-reader", "reader");
        ApiClient operator = token("roles-operator", "operator");
        assertThat(reader.get("families/roles/pool").status()).isEqualTo(200);
        assertThat(reader.postJson("families/roles/claims", "{\"name\": \"roles-1\"}")
                        .status())
                .isEqualTo(403);
        assertThat(reader.call("PUT", "families/roles/pool", BodyPublishers.ofString("{\"size\": 1}"), JSON)
                        .status())
                .isEqualTo(403);
        assertThat(reader.delete("families/roles/pool").status()).isEqualTo(403);
        assertThat(operator.postJson("families/roles/claims", "{\"name\": \"roles-1\"}")
                        .status())
                .isEqualTo(201);
        assertThat(operator.delete("families/roles/pool").status()).isEqualTo(204);
    }

    private static final String[] JSON = {"Content-Type", "application/json"};

    private ApiClient token(String name, String role) {
        return service.as(succeed(api.postJson("tokens", "{\"name\": \"" + name + "\", \"role\": \"" + role + "\"}"))
                .json()
                .path("secret")
                .asString());
    }

    private static PoolUpkeep upkeep(TestService service) {
        return service.bean(PoolUpkeep.class);
    }

    private void family(String name, String word) {
        succeed(api.postJson("families", "{\"name\": \"" + name + "\"}"));
        publish(name, word);
    }

    private void publish(String family, String word) {
        String image = "base-" + family + "-" + word;
        chains.blankBase(image, 1 << 20);
        succeed(api.postJson(
                "families/" + family + "/versions", "{\"version\": \"" + word + "\", \"image\": \"" + image + "\"}"));
    }

    private Answer put(String family, int size) {
        return api.call(
                "PUT", "families/" + family + "/pool", BodyPublishers.ofString("{\"size\": " + size + "}"), JSON);
    }

    private Answer claim(String family, String name) {
        return claim(api, family, name);
    }

    private static Answer claim(ApiClient api, String family, String name) {
        return succeed(api.postJson("families/" + family + "/claims", "{\"name\": \"" + name + "\"}"));
    }

    private JsonNode pool(String family) {
        return succeed(api.get("families/" + family + "/pool")).json();
    }

    private void awaitReady(String family, int count) {
        until(() -> pool(family).path("ready").asInt() == count);
    }

    private void awaitPooled(String family, int count) {
        until(() -> pooled(family).size() == count);
    }

    private JsonNode pooled(String family) {
        return succeed(api.get("images?limit=1000&label=cowshed.pool%3D" + family))
                .json()
                .path("items");
    }

    private static List<String> ids(JsonNode images) {
        return images.valueStream().map(image -> image.path("id").asString()).toList();
    }

    private List<String> names(String path) {
        return succeed(api.get(path))
                .json()
                .path("items")
                .valueStream()
                .map(image -> image.path("name").asString())
                .toList();
    }

    private void execute(String sql) throws SQLException {
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}

/** Stands still until it is moved. */
final class MovedClock extends Clock {

    Instant now = Instant.now();

    @Override
    public Instant instant() {
        return now;
    }

    @Override
    public ZoneId getZone() {
        return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
        throw new UnsupportedOperationException();
    }
}

/** Nobody looks after the pools of a replica meanwhile. */
final class PausedUpkeep implements AutoCloseable {

    private final CountDownLatch over = new CountDownLatch(1);
    private final Thread holder;

    PausedUpkeep(PoolUpkeep upkeep) {
        CountDownLatch held = new CountDownLatch(1);
        holder = Thread.ofPlatform().start(() -> {
            synchronized (upkeep) {
                held.countDown();
                await(over);
            }
        });
        await(held);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        over.countDown();
        try {
            holder.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}

class H2PoolTests extends PoolTests {}

class PostgresqlPoolTests extends PoolTests {
    @Override
    protected TestDatabase.Kind databaseKind() {
        return TestDatabase.Kind.POSTGRESQL;
    }
}
