package io.cowshed.ci;

import static io.cowshed.testing.Eventually.until;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.catalog.Race;
import io.cowshed.database.Transactions;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.ServiceTests;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.VerbChains;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.dao.DataIntegrityViolationException;
import tools.jackson.databind.JsonNode;

/** Two deliveries of one job at the same time, in each order: the first has done its work when the second begins. */
@Timeout(120)
abstract class HookRaceTests extends ServiceTests {

    private static final AtomicInteger JOBS = new AtomicInteger(300);

    private Sender sender;
    private Race race;

    @SuppressWarnings("NullAway.Init") // before the first test
    HookRaceTests() {}

    @BeforeAll
    void makeHook() {
        new VerbChains(service).blankBase("race-base", 1 << 20);
        sender = Sender.of(
                service,
                "{\"name\": \"race\", \"provider\": \"github\", \"rules\": [{\"image\": \"race-base\", \"name\":"
                        + " \"race-{{job.id}}\", \"ttl\": \"PT1H\"}]}");
        race = new Race(database);
    }

    @Test
    void sameDeliveryTwice() throws Exception {
        String id = next();
        both(held("s-" + id, "queued", id), free("s-" + id, "queued", id));
        assertThat(disks(id)).isEqualTo(1);
        assertThat(outcome("s-" + id)).isEqualTo("created");
    }

    @Test
    void jobIsQueuedTwice() throws Exception {
        String id = next();
        both(held("q1-" + id, "queued", id), free("q2-" + id, "queued", id));
        assertThat(disks(id)).isEqualTo(1);
        assertThat(outcome("q1-" + id)).isEqualTo("created");
        assertThat(outcome("q2-" + id)).isEqualTo("ignored");
    }

    @Test
    void jobEndsWhileItsDisksAreMade() throws Exception {
        String id = next();
        both(held("m1-" + id, "queued", id), free("m2-" + id, "completed", id));
        assertThat(disks(id)).isZero();
        assertThat(outcome("m2-" + id)).isEqualTo("removed");
    }

    @Test
    void jobIsQueuedWhileItsEndIsTaken() throws Exception {
        String id = next();
        both(held("e1-" + id, "completed", id), free("e2-" + id, "queued", id));
        assertThat(disks(id)).isZero();
        assertThat(outcome("e1-" + id)).isEqualTo("recorded");
        assertThat(outcome("e2-" + id)).isEqualTo("ignored");
    }

    @Test
    void jobEndsTwice() throws Exception {
        String id = next();
        both(held("t1-" + id, "completed", id), free("t2-" + id, "completed", id));
        assertThat(outcome("t1-" + id)).isEqualTo("recorded");
        assertThat(outcome("t2-" + id)).isEqualTo("ignored");
    }

    /** The second finds that there is nothing to be done, which does not make unsaid what the first has done. */
    @Test
    void aDeliveryIsGoneThroughAgainByTwo() throws Exception {
        Sender hook = Sender.of(
                service,
                "{\"name\": \"again\", \"provider\": \"github\", \"rules\": [{\"image\": \"later-base\", \"name\":"
                        + " \"again-{{job.id}}\", \"ttl\": \"PT1H\"}]}");
        String id = next();
        Answer refused = hook.github("workflow_job", "r-" + id, body("queued", id));
        assertThat(Sender.outcome(refused)).isEqualTo("refused");
        new VerbChains(service).blankBase("later-base", 1 << 20);

        UUID delivery = UUID.fromString(refused.json().path("delivery").asString());
        Runnable replay = () -> service.bean(Intake.class).replay(UUID.fromString(hook.id()), delivery);
        both(
                pause -> service.bean(Transactions.class).write(() -> {
                    replay.run();
                    hold(pause);
                    return true;
                }),
                _ -> replay.run());

        assertThat(disks(id)).isEqualTo(1);
        JsonNode shown =
                api.get("hooks/" + hook.id() + "/deliveries/" + delivery).json();
        assertThat(shown.path("outcome").asString()).isEqualTo("created");
        assertThat(shown.path("images").size()).isEqualTo(1);
    }

    /** What is decided is recorded beside the hook at last, after the job's row was locked. */
    @Test
    void aHookIsRemovedAfterWhatIsJustDecidedOfItsJob() throws Exception {
        UUID hook = doomed("decided");
        Transactions transactions = service.bean(Transactions.class);
        JobRows rows = service.bean(JobRows.class);
        transactions.write(() -> rows.lock(hook, "job"));
        both(
                pause -> transactions.write(() -> {
                    rows.lock(hook, "job");
                    hold(pause);
                    return rows.lock(hook, "recorded beside the hook, too");
                }),
                _ -> service.bean(Hooks.class).remove(hook, null));
        assertThat(api.get("hooks/" + hook).status()).isEqualTo(404);
    }

    @Test
    void aJobOfAHookThatIsBeingRemovedIsNotDecided() throws Exception {
        UUID hook = doomed("removed");
        Transactions transactions = service.bean(Transactions.class);
        JobRows rows = service.bean(JobRows.class);
        transactions.write(() -> rows.lock(hook, "job"));
        Race.Outcome outcome = race.run(
                pause -> transactions.write(() -> {
                    service.bean(Hooks.class).remove(hook, null);
                    hold(pause);
                    return true;
                }),
                _ -> transactions.write(() -> rows.lock(hook, "job")));
        assertThat(outcome.secondWaited()).isTrue();
        assertThat(outcome.first()).isNull();
        assertThat(outcome.second()).isInstanceOf(DataIntegrityViolationException.class);
    }

    UUID doomed(String name) {
        return UUID.fromString(Sender.of(
                        service,
                        "{\"name\": \"" + name + "\", \"provider\": \"github\", \"rules\": [{\"image\": \"race-base\","
                                + " \"name\": \"doomed-{{job.id}}\", \"ttl\": \"PT1H\"}]}")
                .id());
    }

    Race race() {
        return race;
    }

    private static void hold(Race.Pause pause) {
        try {
            pause.pause();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static String next() {
        return String.valueOf(JOBS.incrementAndGet());
    }

    private void both(Race.Contender first, Race.Contender second) throws Exception {
        Race.Outcome outcome = race.run(first, second);
        assertThat(outcome.secondWaited()).isTrue();
        assertThat(outcome.bothCommitted()).as("%s", outcome).isTrue();
    }

    /** Takes a delivery, and pauses before the commit. */
    private Race.Contender held(String delivery, String action, String id) {
        return pause -> service.bean(Transactions.class).write(() -> {
            take(delivery, action, id);
            hold(pause);
            return true;
        });
    }

    private Race.Contender free(String delivery, String action, String id) {
        return _ -> take(delivery, action, id);
    }

    private void take(String delivery, String action, String id) {
        String body = body(action, id);
        Map<String, String> headers = Map.of(
                "X-GitHub-Event",
                "workflow_job",
                "X-GitHub-Delivery",
                delivery,
                "X-Hub-Signature-256",
                "sha256=" + sender.hmac(body));
        service.bean(Intake.class)
                .take(new Incoming(
                        UUID.fromString(sender.id()),
                        Provider.GITHUB,
                        headers::get,
                        body.getBytes(StandardCharsets.UTF_8)));
    }

    private static String body(String action, String id) {
        return Sender.body(
                "github-workflow_job-" + action + ".json",
                Map.of("id", id, "run", "1", "ref", "main", "name", "boot", "conclusion", "success"));
    }

    private int disks(String id) {
        return api.get("images?label=ci.job%3D" + id).json().path("items").size();
    }

    private String outcome(String delivery) {
        return api.get("hooks/" + sender.id() + "/deliveries")
                .json()
                .path("items")
                .valueStream()
                .filter(item -> item.path("key").asString().equals(delivery))
                .map(item -> item.path("outcome"))
                .map(JsonNode::asString)
                .findFirst()
                .orElseThrow();
    }
}

class HookRaceOnH2Tests extends HookRaceTests {}

class HookRaceOnPostgresqlTests extends HookRaceTests {

    @Override
    protected TestDatabase.Kind databaseKind() {
        return TestDatabase.Kind.POSTGRESQL;
    }

    /** One job comes while the hook's are being locked, and is in somebody's hands again before the hook is. */
    @Test
    void aJobThatComesWhileItsHookIsBeingRemovedIsWaitedFor() throws Exception {
        UUID hook = doomed("late");
        Transactions transactions = service.bean(Transactions.class);
        JobRows rows = service.bean(JobRows.class);
        CountDownLatch made = new CountDownLatch(1);
        CountDownLatch others = new CountDownLatch(1);
        try (Connection observer = database.connect();
                ExecutorService threads = Executors.newFixedThreadPool(3)) {
            Future<?> first = threads.submit(() -> transactions.write(() -> {
                rows.lock(hook, "late");
                made.countDown();
                await(others);
                return true;
            }));
            made.await();
            Future<?> removal = threads.submit(() -> service.bean(Hooks.class).remove(hook, null));
            until(() -> database.waiting(observer) == 1);
            Future<?> second = threads.submit(() -> transactions.write(() -> {
                rows.lock(hook, "late");
                return rows.lock(hook, "recorded beside the hook, too");
            }));
            until(() -> database.waiting(observer) == 2);
            others.countDown();
            first.get();
            removal.get();
            try {
                second.get();
            } catch (ExecutionException e) {
                // The hook was gone before the job was had again.
                assertThat(e).hasCauseInstanceOf(DataIntegrityViolationException.class);
            }
        }
        assertThat(api.get("hooks/" + hook).status()).isEqualTo(404);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
