package io.cowshed.operation;

import static io.cowshed.testing.Eventually.until;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.ServiceTests;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.VerbChains;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Operations over HTTP: lists, waiting, cancelling and events; on both databases. */
abstract class OperationApiTests extends ServiceTests {

    private OperationFixture fixture;
    private VerbChains chains;

    @BeforeAll
    void makeFixture() {
        fixture = new OperationFixture(service);
        chains = new VerbChains(service);
    }

    @Test
    void anOperationIsShown() throws Exception {
        Operation ended = fixture.end(fixture.begin("show", run -> {
            run.expect(10);
            run.advance(10);
            ScriptedHandler.succeed(run);
        }));
        JsonNode shown = api.get("operations/" + ended.id()).json();

        assertThat(shown.path("kind").asString()).isEqualTo("show");
        assertThat(shown.path("state").asString()).isEqualTo("succeeded");
        assertThat(shown.path("image").path("id").asString()).isEqualTo(String.valueOf(ended.subject()));
        assertThat(shown.path("image").path("name").asString()).isEqualTo("disk");
        assertThat(shown.path("progress").path("doneBytes").asLong()).isEqualTo(10);
        assertThat(shown.path("progress").path("totalBytes").asLong()).isEqualTo(10);
        assertThat(shown.path("progress").path("bytesPerSecond").isNull()).isTrue();
        assertThat(shown.path("result").path("word").asString()).isEqualTo("done");
        assertThat(shown.path("problem").isNull()).isTrue();
        assertThat(shown.path("attempts").asLong()).isEqualTo(1);
        assertThat(shown.path("createdBy").asString()).isEqualTo("tests");
    }

    @Test
    void whatThereIsNotIsNotFound() {
        for (String id : List.of(UUID.randomUUID().toString(), "nonsense", "1-1-1-1")) {
            assertThat(api.get("operations/" + id).problem()).isEqualTo("not-found");
            assertThat(api.post("operations/" + id + "/cancel").problem()).isEqualTo("not-found");
            Answer events = api.get("operations/" + id + "/events", "Accept", "text/event-stream");
            assertThat(events.status()).isEqualTo(404);
            assertThat(events.problem()).isEqualTo("not-found");
        }
    }

    @Test
    void listsAreFilteredAndPaged() throws Exception {
        UUID image = fixture.newId();
        fixture.handler("list-a", ScriptedHandler::succeed);
        fixture.handler("list-b", _ -> {
            throw new IllegalStateException("on purpose");
        });
        List<String> newestFirst = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            newestFirst.addFirst(
                    fixture.end(fixture.submit("list-a", image)).id().toString());
        }
        String failed = fixture.end(fixture.submit("list-b", image)).id().toString();
        fixture.end(fixture.submit("list-a"));

        assertThat(ids("image=" + image + "&kind=list-a")).isEqualTo(newestFirst);
        assertThat(ids("image=" + image + "&state=failed")).containsExactly(failed);
        assertThat(ids("image=" + image + "&state=failed,succeeded")).hasSize(6).startsWith(failed);
        assertThat(ids("image=" + image + "&state=queued&state=running&state=cancelled"))
                .isEmpty();
        assertThat(ids("kind=list-a")).hasSize(6);
        assertThat(ids("kind=nobody")).isEmpty();

        List<String> paged = new ArrayList<>();
        String cursor = "";
        int pages = 0;
        do {
            JsonNode page = api.get("operations?kind=list-a&limit=2&image=" + image + cursor)
                    .json();
            page.path("items").forEach(item -> paged.add(item.path("id").asString()));
            cursor = page.path("nextCursor").isNull()
                    ? ""
                    : "&cursor=" + page.path("nextCursor").asString();
            pages++;
        } while (!cursor.isEmpty());
        assertThat(paged).isEqualTo(newestFirst);
        assertThat(pages).isEqualTo(3);
    }

    private List<String> ids(String query) {
        List<String> ids = new ArrayList<>();
        api.get("operations?" + query)
                .json()
                .path("items")
                .forEach(item -> ids.add(item.path("id").asString()));
        return ids;
    }

    @Test
    void wrongParametersOfAListAreRefused() {
        for (String wrong : List.of(
                "cursor=" + UUID.randomUUID(),
                "cursor=nonsense",
                "state=done",
                "limit=0",
                "limit=1001",
                "limit=x",
                "image=base")) {
            Answer refused = api.get("operations?" + wrong);
            assertThat(refused.problem()).as("%s: %s", wrong, refused).isEqualTo("invalid-request");
        }
    }

    @Test
    void whoPrefersToWaitGetsWhatIsThenTrue() throws Exception {
        Gate gate = new Gate();
        Operation running = fixture.begin("prefer", run -> {
            gate.pass(run);
            ScriptedHandler.succeed(run);
        });
        gate.awaitReached();
        String path = "operations/" + running.id();

        for (String now : List.of("wait=0", "wait=1", "respond-async, wait=1", "WAIT = 1; x=y")) {
            Answer answer = api.get(path, "Prefer", now);
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.json().path("state").asString()).isEqualTo("running");
            assertThat(answer.header("Preference-Applied")).isIn("wait=0", "wait=1");
        }
        for (String ignored : List.of("wait=soon", "wait=-1", "wait", "waiting=1", "respond-async", "wait=1s", "")) {
            Answer answer = api.get(path, "Prefer", ignored);
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.header("Preference-Applied")).as(ignored).isEmpty();
        }
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<Answer> patient = callers.submit(() -> api.get(path, "Prefer", "wait=99999"));
            gate.open();
            Answer answer = patient.get();
            assertThat(answer.json().path("state").asString()).isEqualTo("succeeded");
            assertThat(answer.header("Preference-Applied")).isIn("wait=60", "");
        }
    }

    @Test
    void aVerbIsAnsweredWithItsOperation() {
        chains.base("v0");
        chains.clone("v1", "v0");

        Answer accepted = api.post("images/v1/split");
        assertThat(accepted.status()).as("%s", accepted).isEqualTo(202);
        assertThat(accepted.header("Location"))
                .isEqualTo("/api/v1/operations/" + accepted.json().path("id").asString());
        assertThat(accepted.header("Retry-After")).isEqualTo("1");
        assertThat(accepted.header("Preference-Applied")).isEmpty();
        Answer ended = api.get(accepted.header("Location"), "Prefer", "wait=30");
        assertThat(ended.json().path("state").asString()).isEqualTo("succeeded");

        chains.clone("v2", "v0");
        Answer waited = api.post("images/v2/split", "Prefer", "wait=30");
        assertThat(waited.status()).isEqualTo(200);
        assertThat(waited.json().path("state").asString()).isEqualTo("succeeded");
        assertThat(waited.header("Preference-Applied")).isEqualTo("wait=30");
        assertThat(waited.header("Retry-After")).isEmpty();
    }

    @Test
    void aVerbThatIsRepeatedWithItsKeyIsOneOperation() {
        chains.base("k0");
        chains.clone("k1", "k0");
        String key = UUID.randomUUID().toString();

        Answer first = api.post("images/k1/split", "Idempotency-Key", key);
        Answer again = api.post("images/k1/split", "Idempotency-Key", key);
        Answer waiting = api.post("images/k1/split", "Idempotency-Key", key, "Prefer", "wait=30");

        assertThat(first.status()).as("%s", first).isEqualTo(202);
        assertThat(again.status()).isEqualTo(202);
        assertThat(again.bytes()).isEqualTo(first.bytes());
        assertThat(again.header("Location")).isEqualTo(first.header("Location"));
        assertThat(again.header("Retry-After")).isEqualTo(first.header("Retry-After"));
        assertThat(waiting.json().path("id").asString())
                .isEqualTo(first.json().path("id").asString());
        assertThat(ids("image=" + chains.id("k1"))).hasSize(1);
    }

    @Test
    void eventsArriveUntilTheEnd() throws Exception {
        Semaphore steps = new Semaphore(0);
        Operation running = fixture.begin("events", run -> walk(run, steps));
        List<EventStream.Event> events = new ArrayList<>();
        try (EventStream stream = EventStream.open(api, running)) {
            do {
                events.add(stream.next());
                steps.release();
            } while (!events.getLast().name().equals("end"));
            assertThat(stream.hasEnded()).isTrue();
        }
        assertThat(events).hasSizeGreaterThanOrEqualTo(4);
        for (int i = 1; i < events.size(); i++) {
            assertThat(events.get(i).id()).isGreaterThan(events.get(i - 1).id());
        }
        EventStream.Event last = events.removeLast();
        assertThat(events)
                .allSatisfy(event -> assertThat(event.name()).isEqualTo("progress"))
                .allSatisfy(event -> assertThat(event.data().path("id").asString())
                        .isEqualTo(running.id().toString()));
        assertThat(last.name()).isEqualTo("end");
        assertThat(last.data().path("state").asString()).isEqualTo("succeeded");
    }

    @Test
    void whoComesBackGetsWhatHasChangedSince() throws Exception {
        Semaphore steps = new Semaphore(0);
        Operation running = fixture.begin("come-back", run -> walk(run, steps));
        EventStream.Event seen;
        try (EventStream stream = EventStream.open(api, running)) {
            seen = stream.next();
        }
        steps.release(1);
        EventStream.Event next;
        try (EventStream stream = EventStream.open(api, running, "Last-Event-ID", Long.toString(seen.id()))) {
            next = stream.next();
        }
        assertThat(next.id()).isGreaterThan(seen.id());
        steps.release(10);
        Operation ended = fixture.end(running);
        for (String last : List.of(Long.toString(ended.version()), "nonsense", "999999999999")) {
            try (EventStream stream = EventStream.open(api, running, "Last-Event-ID", last)) {
                EventStream.Event end = stream.next();
                assertThat(end.name()).isEqualTo("end");
                assertThat(stream.hasEnded()).isTrue();
            }
        }
    }

    /** Three steps of 100 bytes, each when the test says. */
    private static void walk(OperationRun run, Semaphore steps) throws InterruptedException {
        run.expect(300);
        for (int step = 0; step < 3; step++) {
            while (!steps.tryAcquire(20, TimeUnit.MILLISECONDS)) {
                run.advance(0);
            }
            run.advance(100);
        }
        ScriptedHandler.succeed(run);
    }

    @Test
    void aClientThatGoesAwayKeepsNoThread() throws Exception {
        Operation running = fixture.begin("gone", run -> {
            // It has something to tell all the time, so that it is noticed soon that nobody listens.
            while (true) {
                run.advance(1);
                new Semaphore(0).tryAcquire(20, TimeUnit.MILLISECONDS);
            }
        });
        String client;
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), service.port())) {
            client = "%04X".formatted(socket.getLocalPort());
            String request = "GET /api/v1/operations/" + running.id() + "/events HTTP/1.1\r\nHost: localhost\r\n"
                    + "Authorization: Bearer " + service.token() + "\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            BufferedReader answer =
                    new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
            assertThat(answer.readLine()).startsWith("HTTP/1.1 200");
            assertThat(holds(client)).isTrue();
        }
        until(() -> !holds(client));
        fixture.operations().cancel(running.id());
        fixture.end(running);
    }

    /** Whether the service has its end of a connection open still: only who has left its stream lets go of it. */
    private boolean holds(String clientsPort) throws IOException {
        String server = "%04X".formatted(service.port());
        for (String table : List.of("/proc/net/tcp", "/proc/net/tcp6")) {
            try (Stream<String> lines = Files.lines(Path.of(table))) {
                // Local address, remote address, state: 01 is established, 08 is closed by the other side only.
                if (lines.anyMatch(line ->
                        line.matches(" *\\d+: [0-9A-F]+:" + server + " [0-9A-F]+:" + clientsPort + " (01|08) .*"))) {
                    return true;
                }
            }
        }
        return false;
    }

    @Test
    void aRunningVerbIsCancelledAndLeavesNothing() throws Exception {
        chains.base("c0");
        chains.clone("c1", "c0");
        byte[] before = chains.content("c1");
        // Nothing runs while as many run as may, so this one waits.
        List<Gate> gates = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            Gate gate = new Gate();
            gates.add(gate);
            fixture.begin("in-the-way-" + i, run -> {
                gate.pass(run);
                ScriptedHandler.succeed(run);
            });
            gate.awaitReached();
        }
        Answer accepted = api.post("images/c1/split");
        String path = "operations/" + accepted.json().path("id").asString();
        assertThat(chains.image("c1").path("operation").asString())
                .isEqualTo(accepted.json().path("id").asString());
        assertThat(api.post("images/c1/seal").problem()).isEqualTo("image-busy");

        Answer cancelled = api.post(path + "/cancel", "Idempotency-Key", "cancel-once");
        assertThat(cancelled.status()).isEqualTo(200);
        assertThat(cancelled.json().path("state").asString()).isEqualTo("cancelled");
        assertThat(api.post(path + "/cancel").bytes()).isEqualTo(cancelled.bytes());
        assertThat(api.post(path + "/cancel", "Idempotency-Key", "cancel-once").bytes())
                .isEqualTo(cancelled.bytes());
        gates.forEach(Gate::open);
        assertThat(chains.image("c1").path("operation").isNull()).isTrue();
        assertThat(chains.parent("c1")).isEqualTo("c0");
        assertThat(chains.content("c1")).isEqualTo(before);

        Answer again = api.post("images/c1/split", "Prefer", "wait=30");
        assertThat(again.json().path("state").asString()).isEqualTo("succeeded");
        Answer tooLate = api.post("operations/" + again.json().path("id").asString() + "/cancel");
        assertThat(tooLate.problem()).isEqualTo("operation-finished");
    }
}

class H2OperationApiTests extends OperationApiTests {}

class PostgresqlOperationApiTests extends OperationApiTests {
    @Override
    protected TestDatabase.Kind databaseKind() {
        return TestDatabase.Kind.POSTGRESQL;
    }
}
