package io.cowshed.event;

import static io.cowshed.testing.VerbChains.succeed;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.ci.Sender;
import io.cowshed.database.Transactions;
import io.cowshed.testing.ApiClient;
import io.cowshed.testing.ServiceTests;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.VerbChains;
import java.net.http.HttpRequest.BodyPublishers;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** What is told of changes, over HTTP; on both databases. */
abstract class EventTests extends ServiceTests {

    /** Where a Kubernetes is seen it is this that Spring Boot does by itself. */
    @Override
    protected String[] properties() {
        return new String[] {"server.forward-headers-strategy=native"};
    }

    @Test
    void whateverHappensToAnImageIsTold() {
        succeed(api.postJson(
                "images", "{\"name\": \"e0\", \"virtualSize\": 1048576, \"labels\": {\"team\": \"net\"}}"));
        String base = id("e0");
        succeed(api.post("images/e0/seal", "Prefer", "wait=30"));
        succeed(api.postJson("images/e0/clones", "{\"namePrefix\": \"e0-\", \"count\": 3}"));
        String clone = id("e0-1");
        succeed(api.patch("images/e0-1", "{\"name\": \"e1\", \"description\": \"mine\"}"));
        succeed(api.post("images/e1/split", "Prefer", "wait=30"));
        succeed(api.post("images/e1/seal", "Prefer", "wait=30"));
        succeed(api.post("images/e1/unseal"));
        succeed(api.post("images/e1/unseal"));
        succeed(api.delete("images/e1"));
        succeed(api.post("images/" + clone + "/restore"));
        succeed(api.delete("images/e1?purge=true"));

        assertThat(types("events?subject=" + base)).containsExactly("image.sealed", "image.created");
        assertThat(types("events?subject=" + clone))
                .containsExactly(
                        "image.removed",
                        "image.restored",
                        "image.trashed",
                        "image.unsealed",
                        "image.sealed",
                        "image.rewritten",
                        "image.changed",
                        "image.renamed",
                        "image.created");
        JsonNode created = items("events?type=image.created&subject=" + base).getFirst();
        assertThat(created.path("principal").asString()).isEqualTo("first-admin");
        assertThat(created.path("remoteAddress").asString()).isEqualTo("127.0.0.1");
        assertThat(created.path("subject").path("kind").asString()).isEqualTo("image");
        assertThat(created.path("subject").path("name").asString()).isEqualTo("e0");
        assertThat(created.path("data").path("labels").path("team").asString()).isEqualTo("net");
        JsonNode renamed = items("events?type=image.renamed&subject=" + clone).getFirst();
        assertThat(renamed.path("data").path("nameBefore").asString()).isEqualTo("e0-1");
        JsonNode rewritten =
                items("events?type=image.rewritten&subject=" + clone).getFirst();
        assertThat(rewritten.path("principal").asString()).isEqualTo("first-admin");
        assertThat(rewritten.path("data").path("parent").isNull()).isTrue();
        JsonNode finished = items("events?type=operation.finished&limit=1000").stream()
                .filter(event ->
                        event.path("data").path("image").path("id").asString().equals(clone))
                .filter(event -> event.path("subject").path("name").asString().equals("split"))
                .findFirst()
                .orElseThrow();
        assertThat(finished.path("data").path("state").asString()).isEqualTo("succeeded");
        assertThat(finished.path("principal").asString()).isEqualTo("first-admin");
    }

    /** Verbs that give an image another file, or another parent, or make or end several. */
    @Test
    void whatVerbsMakeOfImagesIsTold() {
        VerbChains chains = new VerbChains(service);
        chains.base("v0");
        chains.clone("v1", "v0");
        String base = id("v0");
        String clone = id("v1");
        succeed(api.postJson("images/v1/snapshot", "{\"name\": \"v1-kept\"}", "Prefer", "wait=30"));
        String kept = id("v1-kept");
        succeed(api.post("images/v1/redirect", "Prefer", "wait=30"));
        succeed(api.post("images/v1/reset", "Prefer", "wait=30"));
        succeed(api.postJson("images/v1/commit", "{\"name\": \"v0-next\", \"retire\": true}", "Prefer", "wait=30"));
        String next = id("v0-next");
        succeed(api.postJson("images/v1/copy", "{\"name\": \"v2\"}", "Prefer", "wait=30"));
        succeed(api.postJson("images/v2/resize", "{\"virtualSize\": 16777216}", "Prefer", "wait=30"));
        succeed(api.delete("images/v1-kept?purge=true"));
        String copy = id("v2");
        succeed(api.delete("images/v0-next?children=split&purge=true", "Prefer", "wait=30"));

        // It is to retire, and does so with the last of its clones.
        assertThat(types("events?subject=" + base))
                .containsExactly("image.trashed", "image.changed", "image.sealed", "image.created");
        assertThat(types("events?subject=" + kept)).containsExactly("image.removed", "image.created");
        assertThat(types("events?subject=" + next)).containsExactly("image.removed", "image.created");
        assertThat(types("events?subject=" + copy)).containsExactly("image.rewritten", "image.created");
        // By the snapshot, the redirect, the reset, the commit, and the split.
        assertThat(types("events?subject=" + clone))
                .containsExactly(
                        "image.rewritten",
                        "image.rewritten",
                        "image.rewritten",
                        "image.rewritten",
                        "image.rewritten",
                        "image.created");
        assertThat(items("events?subject=" + clone))
                .allSatisfy(
                        event -> assertThat(event.path("principal").asString()).isEqualTo("first-admin"));
        JsonNode made = items("events?type=image.created&subject=" + kept).getFirst();
        assertThat(made.path("data").path("sealed").asBoolean()).isTrue();
        assertThat(made.path("data").path("parent").asString()).isEqualTo(base);
    }

    /** While replicas are replaced one after the other, one that knows more writes what another reads. */
    @Test
    void whatANewerBuildHasWrittenIsShownAsItIs() throws SQLException {
        UUID subject = UUID.randomUUID();
        try (Connection connection = database.connect();
                PreparedStatement insert = connection.prepareStatement(
                        "insert into event_inbox (id, type, subject_kind, subject_id,"
                                + " subject_name, principal, happened_at, data)"
                                + " values (?, 'portal.opened', 'portal', ?, 'north', 'somebody', ?, '{\"wide\": true}')")) {
            insert.setObject(1, UUID.randomUUID());
            insert.setObject(2, subject);
            insert.setObject(3, Instant.now().atOffset(ZoneOffset.UTC));
            insert.executeUpdate();
        }

        JsonNode event = items("events?subject=" + subject).getFirst();

        assertThat(event.path("type").asString()).isEqualTo("portal.opened");
        assertThat(event.path("subject").path("kind").asString()).isEqualTo("portal");
        assertThat(event.path("data").path("wide").asBoolean()).isTrue();
    }

    @Test
    void whoDidItIsTold() {
        JsonNode token = succeed(api.postJson("tokens", "{\"name\": \"robot\", \"role\": \"operator\"}"))
                .json();
        ApiClient robot = service.as(token.path("secret").asString());
        succeed(robot.postJson("images", "{\"name\": \"w0\", \"virtualSize\": 1048576}", "X-Request-Id", "build-17"));
        succeed(api.delete("tokens/" + token.path("id").asString()));

        List<JsonNode> done = items("events?principal=robot");
        assertThat(done).hasSize(1);
        assertThat(done.getFirst().path("subject").path("name").asString()).isEqualTo("w0");
        assertThat(done.getFirst().path("requestId").asString()).isEqualTo("build-17");
        assertThat(types("events?subject=" + token.path("id").asString()))
                .containsExactly("token.revoked", "token.created");
        assertThat(items("events?limit=1000").toString())
                .doesNotContain(token.path("secret").asString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"192.0.2.7", "2001:db8::7"})
    void whereItCameFromIsToldAsTheProxySaysIt(String address) {
        String name = "p" + address.length();
        succeed(api.postJson(
                "images", "{\"name\": \"" + name + "\", \"virtualSize\": 1048576}", "X-Forwarded-For", address));

        assertThat(items("events?subject=" + id(name))
                        .getFirst()
                        .path("remoteAddress")
                        .asString())
                .isEqualTo(address);
    }

    @Test
    void whatAProxySaysAtLengthIsCut() {
        succeed(api.postJson(
                "images", "{\"name\": \"p0\", \"virtualSize\": 1048576}", "X-Forwarded-For", "9".repeat(65)));

        assertThat(items("events?subject=" + id("p0"))
                        .getFirst()
                        .path("remoteAddress")
                        .asString())
                .isEqualTo("9".repeat(64));
    }

    /** What decides over images of others, too: who has changed that, a year later somebody wants to know. */
    @Test
    void whatBecomesOfFamiliesPoolsAndHooksIsTold() {
        succeed(api.postJson("families", "{\"name\": \"told\", \"labels\": {\"team\": \"net\"}}"));
        succeed(api.patch("families/told", "{\"description\": \"mine\"}"));
        succeed(put("families/told/pool", "{\"size\": 0}"));
        succeed(put("families/told/pool", "{\"size\": 0}"));
        succeed(put("families/told/pool", "{\"size\": 1}"));
        succeed(api.delete("families/told/pool"));
        succeed(api.delete("families/told"));
        JsonNode made = succeed(api.postJson("hooks", "{\"name\": \"told\", \"provider\": \"github\", \"rules\": []}"))
                .json();
        String hook = made.path("hook").path("id").asString();
        succeed(api.patch("hooks/" + hook, "{\"onCompletion\": \"trash\"}"));
        JsonNode rotated = succeed(api.post("hooks/" + hook + "/rotate-secret")).json();
        succeed(api.delete("hooks/" + hook));

        String family = items("events?type=family.created")
                .getFirst()
                .path("subject")
                .path("id")
                .asString();
        assertThat(types("events?subject=" + family))
                .containsExactly(
                        "family.removed",
                        "pool.removed",
                        "pool.changed",
                        "pool.changed",
                        "family.changed",
                        "family.created");
        List<JsonNode> pool = items("events?type=pool.changed&subject=" + family);
        assertThat(pool.getFirst().path("data").path("size").asInt()).isEqualTo(1);
        assertThat(pool.getFirst().path("subject").path("kind").asString()).isEqualTo("family");
        assertThat(pool.getFirst().path("principal").asString()).isEqualTo("first-admin");
        assertThat(types("events?subject=" + hook))
                .containsExactly("hook.removed", "hook.changed", "hook.changed", "hook.created");
        assertThat(items("events?subject=" + hook).toString())
                .contains("rotated", "\"name\":\"told\"")
                .doesNotContain(
                        made.path("secret").asString(), rotated.path("secret").asString());
    }

    private ApiClient.Answer put(String path, String json) {
        return api.call("PUT", path, BodyPublishers.ofString(json), "Content-Type", "application/json");
    }

    @Test
    void whatIsGivenToGuestsIsTold() {
        succeed(api.postJson("images", "{\"name\": \"s0\", \"virtualSize\": 1048576}"));
        succeed(put("images/s0/seed", "{\"userData\": \"#cloud-config\\n# s3cret\\n\"}"));
        succeed(api.delete("images/s0/seed"));

        List<JsonNode> told = items("events?subject=" + id("s0"));
        assertThat(told.stream().map(event -> event.path("type").asString()))
                .containsExactly("image.unseeded", "image.seeded", "image.created");
        assertThat(told.toString()).contains("iid-").doesNotContain("s3cret");
    }

    @Test
    void whatAHookDoesIsTold() {
        new VerbChains(service).blankBase("hooked", 1 << 20);
        Sender sender = Sender.of(
                service,
                "{\"name\": \"farm\", \"provider\": \"github\", \"rules\": [{\"image\": \"hooked\","
                        + " \"name\": \"h-{{job.id}}\", \"ttl\": \"PT1H\"}]}");
        String body = Sender.body(
                "github-workflow_job-queued.json", Map.of("id", "1", "run", "1", "ref", "main", "name", "boot"));
        succeed(sender.github("workflow_job", "d-1", body));

        List<JsonNode> done = items("events?principal=hook:farm");
        assertThat(done).hasSize(1);
        assertThat(done.getFirst().path("type").asString()).isEqualTo("image.created");
        assertThat(done.getFirst().path("remoteAddress").asString()).isEqualTo("127.0.0.1");
    }

    @Test
    void whatIsRefusedIsNotTold() {
        succeed(api.postJson("images", "{\"name\": \"r0\", \"virtualSize\": 1048576}"));
        succeed(api.patch("images/r0", "{\"protected\": true}"));
        int before = types("events?subject=" + id("r0")).size();

        assertThat(api.delete("images/r0").problem()).isEqualTo("image-protected");
        assertThat(api.postJson("images", "{\"name\": \"r0\", \"virtualSize\": 1048576}")
                        .problem())
                .isEqualTo("name-taken");

        assertThat(types("events?subject=" + id("r0"))).hasSize(before);
    }

    @Test
    void pagesHoldEachEventOnceInTheOrderOfPlaces() {
        UUID subject = UUID.randomUUID();
        raise(subject, 25);
        List<Long> positions = new ArrayList<>();
        String cursor = "";
        do {
            JsonNode page = succeed(api.get("events?subject=" + subject + "&limit=10" + cursor))
                    .json();
            page.path("items")
                    .forEach(event -> positions.add(event.path("position").asLong()));
            cursor = page.path("nextCursor").isNull()
                    ? ""
                    : "&cursor=" + page.path("nextCursor").asString();
        } while (!cursor.isEmpty());

        assertThat(positions).hasSize(25).doesNotHaveDuplicates().isSortedAccordingTo((a, b) -> Long.compare(b, a));
    }

    @Test
    void timesAreBounds() {
        UUID subject = UUID.randomUUID();
        raise(subject, 1);
        String time = items("events?subject=" + subject).getFirst().path("time").asString();
        String later = Instant.parse(time).plusNanos(1000).toString();

        assertThat(items("events?subject=" + subject + "&since=" + time)).hasSize(1);
        assertThat(items("events?subject=" + subject + "&since=" + later)).isEmpty();
        assertThat(items("events?subject=" + subject + "&until=" + time)).isEmpty();
        assertThat(items("events?subject=" + subject + "&until=" + later)).hasSize(1);
    }

    /** A transaction that took its ids early and commits late is not missed by whoever reads on. */
    @Test
    void whoReadsOnFromAPlaceMissesNothing() throws Exception {
        EventSequence sequence = service.bean(EventSequence.class);
        UUID slow = UUID.randomUUID();
        UUID quick = UUID.randomUUID();
        CountDownLatch written = new CountDownLatch(1);
        CountDownLatch mayCommit = new CountDownLatch(1);
        try (ExecutorService threads = Executors.newSingleThreadExecutor()) {
            Future<?> late =
                    threads.submit(() -> service.bean(Transactions.class).write(() -> {
                        service.bean(Events.class).raise(EventType.IMAGE_CHANGED, image(slow), Map.of());
                        written.countDown();
                        try {
                            mayCommit.await();
                        } catch (InterruptedException e) {
                            throw new AssertionError(e);
                        }
                        return slow;
                    }));
            written.await();
            raise(quick, 1);
            sequence.advance();
            long read = sequence.last();
            assertThat(items("events?subject=" + quick)).hasSize(1);
            assertThat(items("events?subject=" + slow)).isEmpty();

            mayCommit.countDown();
            late.get();
            sequence.advance();

            assertThat(sequence.after(read, 1000))
                    .extracting(event -> event.subject().id())
                    .contains(slow);
        }
    }

    /** As a replica does that is stopped while it gives places: it has the row locked. */
    @Test
    void whoeverKeepsListsOfEventsWaitingKeepsNobodyElseWaiting() throws Exception {
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor();
                Connection replica = database.connect();
                Statement statement = replica.createStatement()) {
            replica.setAutoCommit(false);
            statement.executeQuery("select * from event_head for update").close();
            succeed(api.postJson("images", "{\"name\": \"kept\", \"virtualSize\": 1048576}"));
            for (int i = 0; i < 30; i++) {
                callers.execute(() -> api.get("events?limit=1"));
            }
            for (int i = 0; i < 100; i++) {
                assertThat(api.get("images?limit=1").status()).isEqualTo(200);
            }
            replica.rollback();
        }
    }

    @Test
    void placesHaveNoGapsHoweverManyGiveThem() throws Exception {
        EventSequence sequence = service.bean(EventSequence.class);
        sequence.advance();
        long before = sequence.last();
        UUID subject = UUID.randomUUID();
        try (ExecutorService threads = Executors.newFixedThreadPool(6)) {
            List<Future<?>> work = new ArrayList<>();
            for (int i = 0; i < 30; i++) {
                work.add(threads.submit(() -> raise(subject, 40)));
                work.add(threads.submit(sequence::advance));
            }
            for (Future<?> one : work) {
                one.get();
            }
        }
        sequence.advance();

        List<Event> all = sequence.after(before, 2000);
        assertThat(all).hasSize(1200);
        assertThat(all)
                .extracting(Event::position)
                .containsExactlyElementsOf(LongStream.rangeClosed(before + 1, before + 1200)
                        .boxed()
                        .toList());
        Set<UUID> ids = new HashSet<>();
        all.forEach(event -> ids.add(event.id()));
        assertThat(ids).hasSize(1200);
        assertThat(waiting()).isZero();
    }

    @Test
    void oldOnesAreForgotten() throws SQLException {
        UUID old = UUID.randomUUID();
        UUID young = UUID.randomUUID();
        raise(old, 3);
        raise(young, 3);
        service.bean(EventSequence.class).advance();
        try (Connection connection = database.connect();
                PreparedStatement update =
                        connection.prepareStatement("update event set happened_at = ? where subject_id = ?")) {
            update.setObject(1, Instant.now().minus(Duration.ofDays(91)).atOffset(ZoneOffset.UTC));
            update.setObject(2, old);
            assertThat(update.executeUpdate()).isEqualTo(3);
        }

        service.bean(EventPurge.class).run();

        assertThat(items("events?subject=" + old)).isEmpty();
        assertThat(items("events?subject=" + young)).hasSize(3);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "type=image.nothing",
                "subject=x",
                "principal=%00",
                "since=yesterday",
                "until=%2B1000000000-12-31T23:59:59Z",
                "cursor=0",
                "cursor=x",
                "limit=0",
                "limit=1001"
            })
    void filtersOfAnotherFormAreRefused(String query) {
        assertThat(api.get("events?" + query).problem()).isEqualTo("invalid-request");
    }

    private void raise(UUID subject, int count) {
        service.bean(Transactions.class).write(() -> {
            service.bean(Events.class)
                    .raise(IntStream.range(0, count)
                            .mapToObj(n -> new NewEvent(EventType.IMAGE_CHANGED, image(subject), Map.of("n", n)))
                            .toList());
            return subject;
        });
    }

    private static Subject image(UUID id) {
        return new Subject(Subject.Kind.IMAGE, id, "disk");
    }

    private long waiting() throws SQLException {
        try (Connection connection = database.connect();
                PreparedStatement query = connection.prepareStatement("select count(*) from event_inbox");
                ResultSet rows = query.executeQuery()) {
            rows.next();
            return rows.getLong(1);
        }
    }

    private String id(String name) {
        return succeed(api.get("images/" + name)).json().path("id").asString();
    }

    private List<JsonNode> items(String path) {
        return succeed(api.get(path)).json().path("items").valueStream().toList();
    }

    private List<String> types(String path) {
        return items(path).stream().map(event -> event.path("type").asString()).toList();
    }
}

class H2EventTests extends EventTests {}

class PostgresqlEventTests extends EventTests {
    @Override
    protected TestDatabase.Kind databaseKind() {
        return TestDatabase.Kind.POSTGRESQL;
    }
}
