package io.cowshed.notify;

import static io.cowshed.testing.Eventually.until;
import static io.cowshed.testing.VerbChains.succeed;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import io.cowshed.metrics.Count;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.ServiceTests;
import io.cowshed.testing.TestDatabase;
import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Subscriptions over HTTP, and what is sent to receivers that are there; on both databases. */
abstract class SubscriptionTests extends ServiceTests {

    private static final Duration LONG = Duration.ofSeconds(30);

    /** {@code cowshed.subscriptions.parallel-each}. */
    private static final int PARALLEL_EACH = 4;

    /** {@code cowshed.subscriptions.parallel}. */
    private static final int PARALLEL = 32;

    private Receiver receiver;
    private int names;

    @Override
    protected String[] properties() {
        return new String[] {
            "cowshed.subscriptions.schemes=http,https",
            "cowshed.subscriptions.ports=",
            "cowshed.subscriptions.networks=127.0.0.1/32",
            "cowshed.subscriptions.timeout=PT2S"
        };
    }

    @BeforeEach
    void startReceiver() {
        receiver = new Receiver();
    }

    @AfterEach
    void endSubscriptions() {
        api.get("subscriptions")
                .json()
                .path("items")
                .forEach(one ->
                        succeed(api.delete("subscriptions/" + one.path("id").asString())));
        receiver.close();
    }

    @Test
    void whatHappensIsSentSignedAsACloudEvent() throws Exception {
        JsonNode made = subscribe(", \"types\": [\"image.*\"]");
        String name = blank();
        Receiver.Request request = receiver.next();

        assertThat(request.path()).isEqualTo("/hook");
        assertThat(request.header("Content-Type")).startsWith("application/cloudevents+json");
        assertThat(Verifier.isSigned(request, made.path("secret").asString())).isTrue();
        assertThat(Verifier.isSigned(request, "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="))
                .isFalse();
        assertThat(Instant.ofEpochSecond(Long.parseLong(request.header("webhook-timestamp"))))
                .isBetween(Instant.now().minus(LONG), Instant.now().plusSeconds(1));
        JsonNode event = request.json();
        assertThat(event.path("specversion").asString()).isEqualTo("1.0");
        assertThat(event.path("id").asString()).isEqualTo(request.header("webhook-id"));
        assertThat(event.path("source").asString()).startsWith("urn:uuid:");
        assertThat(event.path("type").asString()).isEqualTo("io.cowshed.image.created");
        assertThat(event.path("subject").asString()).isEqualTo("image/" + id(name));
        assertThat(Instant.parse(event.path("time").asString())).isBefore(Instant.now());
        assertThat(event.path("data"))
                .isEqualTo(api.get("events?subject=" + id(name))
                        .json()
                        .path("items")
                        .get(0));
        JsonNode delivery = delivered(made, 1).get(0);
        assertThat(delivery.path("event").asString()).isEqualTo(request.header("webhook-id"));
        assertThat(delivery.path("attempts").asInt()).isEqualTo(1);
        assertThat(delivery.path("lastStatus").asInt()).isEqualTo(204);
        assertThat(delivery.path("lastMillis").asLong()).isBetween(0L, LONG.toMillis());
        assertThat(delivery.path("lastError").isNull()).isTrue();
    }

    @Test
    void onlyWhatFitsIsSent() throws Exception {
        String team = "{\"name\": \"%s\", \"virtualSize\": 1048576, \"labels\": {\"team\": \"%s\"}}";
        JsonNode byType = subscribe(", \"types\": [\"image.sealed\", \"operation.*\"]");
        JsonNode byLabel = subscribe(", \"types\": [\"image.created\", \"family.*\"], \"labels\": \"team=net,!old\"");
        String net = fresh();
        String other = fresh();
        succeed(api.postJson("images", team.formatted(net, "net")));
        succeed(api.postJson("images", team.formatted(other, "web")));
        succeed(api.postJson("families", "{\"name\": \"" + fresh() + "\", \"labels\": {\"team\": \"net\"}}"));
        JsonNode bySubject = subscribe(", \"subject\": \"" + id(other) + "\"");
        seal(net);
        succeed(api.patch("images/" + other, "{\"description\": \"changed\"}"));
        String last = blank();
        seal(last);

        assertThat(types(delivered(byType, 2)))
                .contains("image.sealed")
                .isSubsetOf("image.sealed", "operation.finished");
        assertThat(delivered(byLabel, 1)).hasSize(1);
        assertThat(types(delivered(bySubject, 1))).containsExactly("image.changed");
        assertThat(deliveries(byLabel)).hasSize(1);
    }

    @Test
    void aSecretIsShownOnceAndWhileItIsRotatedBothSign() throws Exception {
        JsonNode made = subscribe(", \"types\": [\"subscription.tested\"]");
        String path = path(made);
        String first = made.path("secret").asString();
        assertThat(first).startsWith("whsec_");
        Answer rotated = succeed(api.postJson(path + "/rotate-secret", "{\"keepPrevious\": \"PT1H\"}"));
        String second = rotated.json().path("secret").asString();
        for (Answer shown : List.of(api.get(path), api.get("subscriptions"), api.get("events"))) {
            assertThat(shown.toString()).doesNotContain(first).doesNotContain(second);
        }

        succeed(api.post(path + "/test"));
        Receiver.Request both = receiver.next();
        assertThat(Verifier.isSigned(both, first)).isTrue();
        assertThat(Verifier.isSigned(both, second)).isTrue();

        assertThat(succeed(api.post(path + "/rotate-secret"))
                        .json()
                        .path("secret")
                        .asString())
                .startsWith("whsec_")
                .isNotEqualTo(second);
        String own = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        succeed(api.postJson(path + "/rotate-secret", "{\"secret\": \"" + own + "\", \"keepPrevious\": \"PT0S\"}"));
        succeed(api.post(path + "/test"));
        Receiver.Request one = receiver.next();
        assertThat(one.type()).isEqualTo("subscription.tested");
        assertThat(Verifier.isSigned(one, own)).isTrue();
        assertThat(Verifier.isSigned(one, second)).isFalse();
    }

    @Test
    void whatFailsIsTriedAgainUntilItIsDeadAndThenReplayed() throws Exception {
        receiver.answer(500, "not today");
        JsonNode made = subscribe(", \"types\": [\"image.created\"]");
        blank();
        String id = receiver.next().header("webhook-id");
        until(() -> deliveries(made).get(0).path("lastStatus").asInt() == 500);
        JsonNode failed = deliveries(made).get(0);
        assertThat(failed.path("state").asString()).isEqualTo("pending");
        assertThat(failed.path("lastAnswer").asString()).isEqualTo("not today");
        assertThat(Instant.parse(failed.path("dueAt").asString())).isAfter(Instant.now());
        assertThat(api.get(path(made)).json().path("failures").asInt()).isEqualTo(1);

        makeDue(made, Duration.ofDays(2));
        Receiver.Request again = receiver.next();
        assertThat(again.header("webhook-id")).isEqualTo(id);
        assertThat(Verifier.isSigned(again, made.path("secret").asString())).isTrue();
        until(() -> deliveries(made, "?state=dead").size() == 1);

        receiver.answer(204, "");
        sql("update subscription set retry_at = ?", Instant.now());
        String delivery = deliveries(made).get(0).path("id").asString();
        JsonNode replayed = succeed(api.post(path(made) + "/deliveries/" + delivery + "/replay"))
                .json();
        assertThat(replayed.path("state").asString()).isEqualTo("pending");
        assertThat(receiver.next().header("webhook-id")).isEqualTo(id);
        assertThat(delivered(made, 1).get(0).path("attempts").asInt()).isEqualTo(3);
        assertThat(api.get(path(made)).json().path("failures").asInt()).isZero();
        assertThat(deliveries(made, "?state=dead").size()).isZero();
    }

    @Test
    void aReceiverThatIsGoneIsDisabledAtOnce() throws Exception {
        receiver.answer(410, "");
        JsonNode made = subscribe(", \"types\": [\"image.created\"]");
        blank();
        until(() -> state(made).equals("disabled"));

        assertThat(api.get(path(made)).json().path("disabledReason").asString()).contains("410");
        assertThat(api.get("events?type=subscription.disabled&subject=" + subscription(made))
                        .json()
                        .path("items")
                        .size())
                .isEqualTo(1);
        assertThat(api.post(path(made) + "/test").problem()).isEqualTo("subscription-not-active");
        assertThat(api.postJson(path(made) + "/replay", "{\"since\": \"2026-01-01T00:00:00Z\"}")
                        .problem())
                .isEqualTo("subscription-not-active");

        receiver.answer(204, "");
        assertThat(receiver.rest()).hasSize(1);
        succeed(api.patch(path(made), "{\"state\": \"active\"}"));
        blank();
        receiver.next();
        delivered(made, 1);
    }

    @Test
    void aReceiverThatFailedForDaysIsDisabled() throws Exception {
        receiver.answer(503, "");
        JsonNode made = subscribe(", \"types\": [\"image.created\"]");
        blank();
        receiver.next();
        until(() -> api.get(path(made)).json().path("failures").asInt() == 1);
        sql("update subscription set failing_since = ?", Instant.now().minus(Duration.ofDays(6)));
        makeDue(made, Duration.ZERO);
        until(() -> state(made).equals("disabled"));

        // What was on its way is not lost: it is sent when the subscription is resumed.
        receiver.answer(204, "");
        makeDue(made, Duration.ZERO);
        succeed(api.patch(path(made), "{\"state\": \"active\"}"));
        assertThat(delivered(made, 1)).hasSize(1);
    }

    @Test
    void whatHappensDuringAPauseIsSentAfterwards() throws Exception {
        JsonNode made = subscribe(", \"types\": [\"image.created\"]");
        Answer paused = succeed(api.patch(path(made), "{\"state\": \"paused\"}"));
        blank();
        String late = blank();
        until(() -> deliveries(made).size() == 2);
        assertThat(receiver.rest()).isEmpty();

        assertThat(api.patch(path(made), "{\"state\": \"active\"}", "If-Match", "\"99\"")
                        .problem())
                .isEqualTo("precondition-failed");
        succeed(api.patch(path(made), "{\"state\": \"active\"}", "If-Match", paused.header("ETag")));

        receiver.next(request -> request.json().path("subject").asString().endsWith(id(late)));
        delivered(made, 2);
    }

    /** How long it is tried counts from when it is tried, and anew for a receiver that was given up meanwhile. */
    @Test
    void whatWaitedForLongIsTriedForAsLongAsAnythingElse() throws Exception {
        receiver.answer(500, "");
        JsonNode made = subscribe(", \"types\": [\"image.created\"]");
        blank();
        until(() -> api.get(path(made)).json().path("failures").asInt() == 1);
        succeed(api.patch(path(made), "{\"state\": \"paused\"}"));
        blank();
        until(() -> deliveries(made).size() == 2);
        makeDue(made, Duration.ofDays(2));
        sql(
                "update delivery set due_at = ?, tries = 12 where tries > 0",
                Instant.now().plus(Duration.ofHours(6)));
        receiver.rest();

        succeed(api.patch(path(made), "{\"state\": \"active\"}"));
        receiver.next();
        receiver.next();
        until(() -> api.get(path(made)).json().path("failures").asInt() == 2);

        assertThat(deliveries(made, "?state=pending")).hasSize(2);
        assertThat(deliveries(made))
                .allSatisfy(delivery -> assertThat(
                                Instant.parse(delivery.path("dueAt").asString()))
                        .isBefore(Instant.now().plusSeconds(10)));
    }

    @Test
    void whatIsToBeTriedInHoursIsReplayedNow() throws Exception {
        receiver.answer(500, "");
        JsonNode made = subscribe(", \"types\": [\"image.created\"]");
        blank();
        until(() -> api.get(path(made)).json().path("failures").asInt() == 1);
        Instant later = Instant.now().plus(Duration.ofHours(6));
        sql("update delivery set due_at = ?, tries = 12 where state = 'pending' and tries > 0", later);
        sql("update subscription set retry_at = ? where failures > 0", Instant.now());
        receiver.rest();
        String delivery = deliveries(made).get(0).path("id").asString();

        succeed(api.post(path(made) + "/deliveries/" + delivery + "/replay"));

        receiver.next();
        until(() -> api.get(path(made)).json().path("failures").asInt() == 2);
        assertThat(Instant.parse(deliveries(made).get(0).path("dueAt").asString()))
                .isBefore(Instant.now().plusSeconds(10));
    }

    /** Its room is taken by what is being sent, so that the next try is not begun before the answer of the last is here. */
    @Test
    void whatAReceiverSaysInTheEndIsNotHeldAgainstTheOneInItsPlace() throws Exception {
        CountDownLatch gone = new CountDownLatch(1);
        receiver.answer(exchange -> answerAfter(gone, exchange, 410));
        JsonNode made = subscribe(", \"types\": [\"image.created\"]");
        Set<String> events = sentAtOnce();
        try (Receiver successor = new Receiver()) {
            succeed(api.patch(path(made), "{\"url\": \"" + successor.url() + "\"}"));
            gone.countDown();

            delivered(made, events.size());
            assertThat(state(made)).isEqualTo("active");
            assertThat(successor.rest().stream().map(request -> request.header("webhook-id")))
                    .containsAll(events);
        }
    }

    @Test
    void whatIsReplayedWhileItIsBeingSentIsSentAgain() throws Exception {
        CountDownLatch replayed = new CountDownLatch(1);
        receiver.answer(exchange -> answerAfter(replayed, exchange, 204));
        JsonNode made = subscribe(", \"types\": [\"image.created\"]");
        sentAtOnce();
        JsonNode one = deliveries(made).get(0);
        succeed(api.post(path(made) + "/deliveries/" + one.path("id").asString() + "/replay"));
        replayed.countDown();

        assertThat(receiver.next().header("webhook-id"))
                .isEqualTo(one.path("event").asString());
        delivered(made, PARALLEL_EACH);
    }

    /** So many events that a subscription has no room for another, which have all arrived. */
    private Set<String> sentAtOnce() throws InterruptedException {
        Set<String> events = new HashSet<>();
        for (int i = 0; i < PARALLEL_EACH; i++) {
            blank();
        }
        for (int i = 0; i < PARALLEL_EACH; i++) {
            events.add(receiver.next().header("webhook-id"));
        }
        return events;
    }

    private static void answerAfter(CountDownLatch latch, HttpExchange exchange, int status) throws IOException {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Receiver.reply(exchange, status, "");
    }

    /** While replicas are replaced one after the other, one that knows more writes what another reads. */
    @Test
    void whatANewerBuildHasWrittenIsSentAsItIs() throws Exception {
        JsonNode made = subscribe(", \"types\": [\"image.*\"]");
        sql("update subscription set types = 'image.*,portal.opened'");
        for (String type : List.of("image.teleported", "portal.opened", "portal.shut")) {
            sql(
                    "insert into event_inbox (id, type, subject_kind, subject_id, subject_name, principal, happened_at,"
                            + " data) values ('" + UUID.randomUUID() + "', '" + type + "', 'portal', '"
                            + UUID.randomUUID() + "', 'north', 'somebody', ?, '{}')",
                    Instant.now());
        }

        Set<String> sent = new HashSet<>();
        sent.add(receiver.next().type());
        sent.add(receiver.next().type());

        assertThat(sent).containsExactlyInAnyOrder("image.teleported", "portal.opened");
        assertThat(types(delivered(made, 2))).isEqualTo(sent);
        Answer paused = succeed(api.patch(path(made), "{\"state\": \"paused\"}"));
        assertThat(paused.json().path("types").get(1).asString()).isEqualTo("portal.opened");
        succeed(api.patch(path(made), "{\"description\": \"x\", \"labels\": \"a=b\"}"));
        assertThat(api.patch(path(made), "{\"types\": [\"portal.opened\"]}").status())
                .isEqualTo(400);
    }

    @Test
    void everythingSinceATimeIsReplayed() throws Exception {
        Instant start = Instant.now();
        Set<String> made = new HashSet<>();
        for (int i = 0; i < 5; i++) {
            made.add("image/" + id(blank()));
        }
        JsonNode late = subscribe(", \"types\": [\"image.created\"]");
        String last = blank();
        made.add("image/" + id(last));
        receiver.next();

        Answer answer = api.postJson(path(late) + "/replay", "{\"since\": \"" + start + "\"}");

        assertThat(answer.status()).isEqualTo(202);
        Set<String> sent = new HashSet<>();
        while (!sent.containsAll(made)) {
            sent.add(receiver.next().json().path("subject").asString());
        }
        until(() -> !api.get(path(late)).json().path("replaying").asBoolean());
        delivered(late, 6);
        assertThat(deliveries(late)).hasSize(6);
    }

    @Test
    void aReceiverThatHangsKeepsNobodyElseWaiting() throws Exception {
        try (Receiver hanging = new Receiver()) {
            hanging.hang();
            for (int i = 0; i < 12; i++) {
                subscribe(hanging.url(), "");
            }
            JsonNode good = subscribe(", \"types\": [\"image.created\"]");
            for (int i = 0; i < 8; i++) {
                String name = blank();
                receiver.next(
                        request -> request.json().path("subject").asString().endsWith(id(name)));
            }
            delivered(good, 8);
        }
    }

    /** As a replica does that is stopped while it makes deliveries: it has the rows of all subscriptions locked. */
    @Test
    void whoeverKeepsOutcomesWaitingKeepsNobodyElseWaiting() throws Exception {
        CountDownLatch locked = new CountDownLatch(1);
        receiver.answer(exchange -> answerAfter(locked, exchange, 204));
        List<JsonNode> all = new ArrayList<>();
        for (int i = 0; i < PARALLEL / PARALLEL_EACH; i++) {
            all.add(subscribe(", \"types\": [\"image.created\"]"));
            succeed(api.patch(path(all.getLast()), "{\"state\": \"paused\"}"));
        }
        for (int i = 0; i < PARALLEL_EACH; i++) {
            blank();
        }
        until(() -> all.stream().allMatch(one -> deliveries(one).size() == PARALLEL_EACH));
        try (Connection replica = database.connect();
                Statement statement = replica.createStatement()) {
            statement.executeUpdate("update subscription set state = 'active'");
            replica.setAutoCommit(false);
            statement.executeQuery("select id from subscription for update").close();
            locked.countDown();
            for (int i = 0; i < PARALLEL; i++) {
                receiver.next();
            }
            for (int i = 0; i < 100; i++) {
                assertThat(api.get("images?limit=1").status()).isEqualTo(200);
            }
            replica.rollback();
        }
    }

    /** One that is removed has its deliveries locked in an order of its own. */
    @Test
    void whatIsOverForLongIsForgottenUnlessItIsLocked() throws Exception {
        JsonNode made = subscribe(", \"types\": [\"image.created\"]");
        blank();
        blank();
        delivered(made, 2);
        sql("update delivery set ended_at = ?", Instant.now().minus(Duration.ofDays(31)));
        String locked = deliveries(made).get(0).path("id").asString();
        DeliveryPurge purge = service.bean(DeliveryPurge.class);
        try (Connection other = database.connect();
                Statement statement = other.createStatement()) {
            other.setAutoCommit(false);
            statement
                    .executeQuery("select id from delivery where id = '" + locked + "' for update")
                    .close();
            purge.run();
            other.rollback();
        }
        assertThat(deliveries(made)).hasSize(1);
        assertThat(deliveries(made).get(0).path("id").asString()).isEqualTo(locked);

        purge.run();
        assertThat(deliveries(made)).isEmpty();
    }

    /** As a replica keeps them from it that is stopped while it gives places. */
    @Test
    void whatGetsNoPlaceIsCountedAsWaiting() throws Exception {
        try (Connection replica = database.connect();
                Statement statement = replica.createStatement()) {
            replica.setAutoCommit(false);
            statement.executeQuery("select * from event_head for update").close();
            blank();
            assertThat(waiting()).isPositive();
            replica.rollback();
        }
        until(() -> waiting() == 0);
    }

    private double waiting() {
        return service.bean(DeliveryCensus.class).take().stream()
                .filter(count -> count.name().equals("cowshed.events.waiting"))
                .mapToDouble(Count::value)
                .sum();
    }

    /** It is removed just while its deliveries are made. */
    @Test
    void ofOneThatIsRemovedNothingIsLeft() throws Exception {
        FanOut fanOut = service.bean(FanOut.class);
        try (ExecutorService thread = Executors.newSingleThreadExecutor()) {
            for (int i = 0; i < 25; i++) {
                JsonNode made = subscribe(", \"types\": [\"image.created\"]");
                blank();
                Future<?> work = thread.submit(fanOut::run);
                succeed(api.delete(path(made)));
                work.get();
            }
        }
        assertThat(strays()).isZero();
    }

    @Test
    void deliveriesAreListedInPages() throws Exception {
        JsonNode made = subscribe(", \"types\": [\"image.created\"]");
        for (int i = 0; i < 5; i++) {
            blank();
        }
        delivered(made, 5);
        Set<String> seen = new HashSet<>();
        String cursor = "";
        for (int page = 0; page < 3; page++) {
            JsonNode listed =
                    api.get(path(made) + "/deliveries?limit=2" + cursor).json();
            listed.path("items").forEach(item -> seen.add(item.path("id").asString()));
            cursor = "&cursor=" + listed.path("nextCursor").asString("");
        }
        assertThat(seen).hasSize(5);
        assertThat(cursor).isEqualTo("&cursor=");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"url\": \"ftp://example.com/\"}",
                "{\"url\": \"http://user@127.0.0.1/\"}",
                "{\"url\": \"http://2130706433/\"}",
                "{\"url\": \"http://example.com/\", \"types\": [\"image.nothing\"]}",
                "{\"url\": \"http://example.com/\", \"types\": [\"image\"]}",
                "{\"url\": \"http://example.com/\", \"types\": [null]}",
                "{\"url\": \"http://example.com/\", \"types\": [\"image.created,image.sealed\"]}",
                "{\"url\": \"http://example.com/\", \"subject\": \"x\"}",
                "{\"url\": \"http://example.com/\", \"labels\": \"=\"}",
                "{\"url\": \"http://example.com/\", \"secret\": \"x\"}",
                "{\"url\": \"http://example.com/\", \"description\": \"\\u0000\"}",
                "{\"url\": \"http://example.com/\", \"more\": 1}"
            })
    void whatCannotBeIsRefused(String body) {
        assertThat(api.postJson("subscriptions", body).status()).isEqualTo(400);
        assertThat(api.get("subscriptions").json().path("items").size()).isZero();
    }

    @Test
    void changesThatCannotBeAreRefused() {
        JsonNode made = subscribe("");
        for (String patch : List.of(
                "{\"state\": \"disabled\"}",
                "{\"url\": null}",
                "{\"url\": \"http://[::1%25lo]/\"}",
                "{\"types\": \"image.*\"}",
                "{\"types\": [1]}",
                "{\"subject\": \"x\"}",
                "{\"labels\": \"=\"}",
                "{\"secret\": \"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\"}",
                "[]")) {
            assertThat(api.patch(path(made), patch).status()).as(patch).isEqualTo(400);
        }
        JsonNode changed = succeed(
                        api.patch(path(made), "{\"types\": [\"image.*\"], \"subject\": \"" + UUID.randomUUID() + "\"}"))
                .json();
        assertThat(changed.path("types").get(0).asString()).isEqualTo("image.*");
        changed = succeed(api.patch(path(made), "{\"types\": null, \"subject\": null}"))
                .json();
        assertThat(changed.path("types").size()).isZero();
        assertThat(changed.path("subject").isNull()).isTrue();
    }

    /** The configuration may be another since it was made. */
    @Test
    void oneThatLeadsWhereNothingMayBeSentNowCanBePaused() throws Exception {
        JsonNode made = subscribe("");
        sql("update subscription set url = 'http://10.0.0.1/hook'");
        assertThat(succeed(api.patch(path(made), "{\"state\": \"paused\"}"))
                        .json()
                        .path("state")
                        .asString())
                .isEqualTo("paused");
        assertThat(api.patch(path(made), "{\"url\": \"http://10.0.0.1/hook\"}").problem())
                .isEqualTo("invalid-request");
    }

    @Test
    void theyAreForAdministratorsOnly() {
        JsonNode made = subscribe("");
        for (String role : List.of("reader", "operator")) {
            String token = api.postJson("tokens", "{\"name\": \"t\", \"role\": \"" + role + "\"}")
                    .json()
                    .path("secret")
                    .asString();
            assertThat(service.as(token).get("subscriptions").status()).isEqualTo(403);
            assertThat(service.as(token).get(path(made)).status()).isEqualTo(403);
            assertThat(service.as(token).post(path(made) + "/test").status()).isEqualTo(403);
            assertThat(service.as(token).get("events").status()).isEqualTo(200);
        }
        assertThat(api.delete(path(made)).status()).isEqualTo(204);
        assertThat(api.get(path(made)).problem()).isEqualTo("not-found");
    }

    private JsonNode subscribe(String more) {
        return subscribe(receiver.url(), more);
    }

    private JsonNode subscribe(String url, String more) {
        return succeed(api.postJson("subscriptions", "{\"url\": \"" + url + "\"" + more + "}"))
                .json();
    }

    private static String subscription(JsonNode made) {
        return made.path("subscription").path("id").asString();
    }

    private static String path(JsonNode made) {
        return "subscriptions/" + subscription(made);
    }

    private String state(JsonNode made) {
        return api.get(path(made)).json().path("state").asString();
    }

    private JsonNode deliveries(JsonNode made) {
        return deliveries(made, "");
    }

    private JsonNode deliveries(JsonNode made, String query) {
        return succeed(api.get(path(made) + "/deliveries" + query)).json().path("items");
    }

    /** All deliveries, of which there are at least so many, once every one has arrived. */
    private JsonNode delivered(JsonNode made, int count) throws Exception {
        until(() -> deliveries(made, "?state=delivered").size() >= count
                && deliveries(made, "?state=pending").isEmpty());
        return deliveries(made);
    }

    private static Set<String> types(JsonNode deliveries) {
        return deliveries
                .valueStream()
                .map(delivery -> delivery.path("type").asString())
                .collect(Collectors.toSet());
    }

    private String fresh() {
        return "disk-" + names++;
    }

    private String blank() {
        String name = fresh();
        succeed(api.postJson("images", "{\"name\": \"" + name + "\", \"virtualSize\": 1048576}"));
        return name;
    }

    private void seal(String name) {
        succeed(api.post("images/" + name + "/seal", "Prefer", "wait=30"));
    }

    private String id(String name) {
        return succeed(api.get("images/" + name)).json().path("id").asString();
    }

    /** As if that much time had passed since they were tried first. */
    private void makeDue(JsonNode made, Duration age) throws SQLException {
        Instant now = Instant.now();
        sql("update delivery set due_at = ? where state = 'pending'", now);
        sql("update delivery set trying_since = ? where state = 'pending' and tries > 0", now.minus(age));
        sql("update subscription set retry_at = ? where failures > 0 and id = '" + subscription(made) + "'", now);
    }

    private void sql(String statement, Instant... times) throws SQLException {
        try (Connection connection = database.connect();
                PreparedStatement update = connection.prepareStatement(statement)) {
            List<Instant> all = Arrays.asList(times);
            for (int i = 0; i < all.size(); i++) {
                update.setObject(i + 1, all.get(i).atOffset(ZoneOffset.UTC));
            }
            update.executeUpdate();
        }
    }

    /** Deliveries to nobody. */
    private long strays() throws SQLException {
        try (Connection connection = database.connect();
                PreparedStatement query = connection.prepareStatement(
                        "select count(*) from delivery where subscription_id not in (select id from subscription)");
                ResultSet rows = query.executeQuery()) {
            rows.next();
            return rows.getLong(1);
        }
    }
}

class H2SubscriptionTests extends SubscriptionTests {}

class PostgresqlSubscriptionTests extends SubscriptionTests {
    @Override
    protected TestDatabase.Kind databaseKind() {
        return TestDatabase.Kind.POSTGRESQL;
    }
}
