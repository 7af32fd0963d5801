package io.cowshed.operation;

import static io.cowshed.testing.Eventually.until;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.ServiceTests;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.TestService;
import io.cowshed.testing.VerbChains;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.dao.DataAccessException;

/** Operations of two replicas on one database. */
class OperationReplicaTests extends ServiceTests {

    private static final String PARALLEL = "cowshed.operations.parallel=2";

    /** Ends all connections but the one that it is said on. */
    private static final String BREAK_OFF = "select pg_terminate_backend(pid) from pg_stat_activity"
            + " where datname = current_database() and pid <> pg_backend_pid()";

    private OperationFixture fixture;
    private TestService other;

    @Override
    protected TestDatabase.Kind databaseKind() {
        return TestDatabase.Kind.POSTGRESQL;
    }

    @Override
    protected String[] properties() {
        return new String[] {PARALLEL};
    }

    @BeforeAll
    void makeFixture() {
        fixture = new OperationFixture(service);
    }

    @BeforeEach
    void startAnother(@TempDir Path data) {
        other = service.another(database, data, PARALLEL);
    }

    @AfterEach
    void stopAnother() {
        other.close();
    }

    @Test
    void asManyRunAsMayOnAllReplicasTogether() throws Exception {
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        ScriptedHandler.Script script = run -> {
            most.accumulateAndGet(running.incrementAndGet(), Math::max);
            // Long enough for another to begin, were it let.
            long end = System.nanoTime() + Duration.ofMillis(300).toNanos();
            try {
                while (System.nanoTime() < end) {
                    run.advance(0);
                }
            } finally {
                running.decrementAndGet();
            }
            ScriptedHandler.succeed(run);
        };
        ScriptedHandler here = fixture.handler("crowd", script);
        ScriptedHandler there = new OperationFixture(other).handler("crowd", script);
        List<Operation> crowd = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            crowd.add(fixture.submit("crowd"));
        }
        for (Operation each : crowd) {
            assertThat(fixture.end(each).state()).isEqualTo(OperationState.SUCCEEDED);
        }
        assertThat(most.get()).isEqualTo(2);
        assertThat(here.attempts().size() + there.attempts().size()).isEqualTo(8);
    }

    @Test
    void oneReplicaTellsOfWhatTheOtherDoes() throws Exception {
        Gate gate = new Gate();
        Operation running = fixture.begin("elsewhere", run -> {
            gate.pass(run);
            ScriptedHandler.succeed(run);
        });
        gate.awaitReached();
        try (EventStream stream = EventStream.open(other.api(), running)) {
            EventStream.Event first = stream.next();
            assertThat(first.data().path("state").asString()).isEqualTo("running");
            gate.open();
            EventStream.Event end = stream.next();
            assertThat(end.name()).isEqualTo("end");
            assertThat(stream.hasEnded()).isTrue();
        }
    }

    @Test
    void oneReplicaCancelsWhatTheOtherDoes() throws Exception {
        Gate gate = new Gate();
        Operation running = fixture.begin("cancel-elsewhere", gate::pass);
        gate.awaitReached();
        assertThat(other.api().post("operations/" + running.id() + "/cancel").status())
                .isEqualTo(200);
        assertThat(fixture.end(running).state()).isEqualTo(OperationState.CANCELLED);
    }

    @Test
    void aKindThatOnlyOneReplicaKnowsIsDoneThere() throws Exception {
        ScriptedHandler there = new OperationFixture(other).handler("newer-build", ScriptedHandler::succeed);
        Operation ended = fixture.end(fixture.submit("newer-build"));
        assertThat(ended.state()).isEqualTo(OperationState.SUCCEEDED);
        assertThat(there.attempts()).containsExactly(1L);
    }

    @Test
    void aReplicaThatStopsHandsOverAtOnceAndKeepsNobodyWaiting() throws Exception {
        Gate there = new Gate();
        Gate here = new Gate();
        Operation running = new OperationFixture(other).begin("hand-over", there::pass);
        there.awaitReached();
        fixture.handler("hand-over", run -> {
            here.pass(run);
            ScriptedHandler.succeed(run);
        });
        Thread waiting =
                Thread.ofVirtual().start(() -> other.api().get("operations/" + running.id(), "Prefer", "wait=60"));
        until(() -> waiting.getState() == Thread.State.WAITING || waiting.getState() == Thread.State.TIMED_WAITING);

        long begin = System.nanoTime();
        other.close();
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(10));
        here.awaitReached();
        // A dead one is not missed for at least 16 seconds.
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(12));
        here.open();

        Operation ended = fixture.end(running);
        assertThat(ended.state()).isEqualTo(OperationState.SUCCEEDED);
        assertThat(ended.attempt()).isEqualTo(2);
        waiting.join();
    }

    @Test
    void aDatabaseThatBreaksEveryConnectionDelaysTheEndOnly() throws Exception {
        AtomicInteger done = new AtomicInteger();
        Gate gate = new Gate();
        ScriptedHandler.Script script = run -> {
            gate.passDeaf();
            ScriptedHandler.succeed(run, done::incrementAndGet);
        };
        fixture.handler("broken-off", script);
        new OperationFixture(other).handler("broken-off", script);
        Operation running = fixture.submit("broken-off");
        gate.awaitReached();
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement()) {
            for (int i = 0; i < 40; i++) {
                statement.execute(BREAK_OFF);
                if (i == 20) {
                    gate.open();
                }
            }
        }
        // The test's own questions break off, too.
        until(() -> {
            try {
                return fixture.find(running).state().isOver() && fixture.jobs(running) == 0;
            } catch (DataAccessException _) {
                return false;
            }
        });
        assertThat(fixture.find(running).state()).isEqualTo(OperationState.SUCCEEDED);
        assertThat(done.get()).isPositive();
    }

    @Test
    void whoWaitsWhenTheDatabaseBreaksOffIsToldWhereToAskAgain() throws Exception {
        VerbChains chains = new VerbChains(service);
        chains.base("w0");
        chains.clone("w1", "w0");
        List<Gate> gates = List.of(new Gate(), new Gate());
        List<Operation> before = new ArrayList<>();
        for (Gate gate : gates) {
            before.add(fixture.begin("before-" + before.size(), run -> {
                gate.pass(run);
                ScriptedHandler.succeed(run);
            }));
            gate.awaitReached();
        }
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor();
                Connection connection = database.connect();
                Statement statement = connection.createStatement()) {
            Future<Answer> waiting = callers.submit(() -> api.post("images/w1/split", "Prefer", "wait=30"));
            until(() -> fixture.sql()
                            .sql("select count(*) from operation where kind = 'split'")
                            .query(Long.class)
                            .single()
                    == 1);
            while (!waiting.isDone()) {
                statement.execute(BREAK_OFF);
            }
            Answer answer = waiting.get();
            assertThat(answer.status()).as("%s", answer).isEqualTo(202);
            assertThat(answer.header("Location")).startsWith("/api/v1/operations/");
            gates.forEach(Gate::open);
            until(() -> {
                try {
                    return before.stream()
                                    .allMatch(each -> fixture.find(each).state().isOver())
                            && api.get(answer.header("Location"))
                                    .json()
                                    .path("state")
                                    .asString()
                                    .equals("succeeded");
                } catch (DataAccessException _) {
                    return false;
                }
            });
        }
    }
}
