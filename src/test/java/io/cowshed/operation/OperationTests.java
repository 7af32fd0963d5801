package io.cowshed.operation;

import static io.cowshed.testing.Eventually.until;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.operation.OperationStopped.Reason;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.DatabaseUnavailable;
import io.cowshed.problem.ProblemType;
import io.cowshed.testing.ServiceTests;
import io.cowshed.testing.TestDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** From being asked for to the end, or one of the ends; on both databases. */
abstract class OperationTests extends ServiceTests {

    private static final int PARALLEL = 2;
    private static final JsonMapper JSON = new JsonMapper();

    private OperationFixture fixture;

    @Override
    protected String[] properties() {
        return new String[] {"cowshed.operations.parallel=" + PARALLEL};
    }

    @BeforeAll
    void makeFixture() {
        fixture = new OperationFixture(service);
    }

    @Test
    void anOperationIsQueuedThenRunsThenSucceeds() throws Exception {
        Gate gate = new Gate();
        Operation asked = fixture.begin("succeed", run -> {
            assertThat(run.request(OperationFixture.Request.class)).isEqualTo(new OperationFixture.Request("hello", 7));
            gate.pass(run);
            ScriptedHandler.succeed(run);
        });
        assertThat(asked.state()).isEqualTo(OperationState.QUEUED);
        assertThat(asked.attempt()).isZero();

        gate.awaitReached();
        Operation running = fixture.find(asked);
        assertThat(running.state()).isEqualTo(OperationState.RUNNING);
        assertThat(running.attempt()).isEqualTo(1);
        assertThat(running.startedAt()).isNotNull();
        assertThat(running.version()).isGreaterThan(asked.version());
        assertThat(fixture.operations().await(asked.id(), Duration.ZERO).state())
                .isEqualTo(OperationState.RUNNING);

        gate.open();
        Operation ended = fixture.end(asked);
        assertThat(ended.state()).isEqualTo(OperationState.SUCCEEDED);
        assertThat(ended.result()).isEqualTo("{\"word\":\"done\"}");
        assertThat(ended.finishedAt()).isAfterOrEqualTo(ended.startedAt());
        assertThat(ended.version()).isGreaterThan(running.version());
        until(() -> fixture.jobs(asked) == 0);
    }

    @Test
    void aFailureIsToldAsAProblem() throws Exception {
        ScriptedHandler handler = fixture.handler("refuse", _ -> {
            throw new CowshedException(ProblemType.VOLUME_FULL, "There is no room.", "Make some.");
        });
        Operation ended = fixture.end(fixture.submit("refuse"));

        assertThat(ended.state()).isEqualTo(OperationState.FAILED);
        JsonNode problem = JSON.readTree(ended.problem());
        assertThat(problem.path("type").asString()).isEqualTo("urn:cowshed:problem:volume-full");
        assertThat(problem.path("status").asInt()).isEqualTo(507);
        assertThat(problem.path("title").asString()).isEqualTo(ProblemType.VOLUME_FULL.title());
        assertThat(problem.path("detail").asString()).isEqualTo("There is no room.");
        assertThat(problem.path("action").asString()).isEqualTo("Make some.");
        assertThat(problem.path("instance").asString()).isEqualTo("/api/v1/operations/" + ended.id());
        assertThat(ended.result()).isNull();
        assertThat(handler.takenBack()).containsExactly(ended.id());
    }

    @Test
    void whatNobodyForesawHasAnIncident() throws Exception {
        Operation ended = fixture.end(fixture.begin("break", _ -> {
            throw new IllegalStateException("a secret of the machine's");
        }));

        assertThat(ended.state()).isEqualTo(OperationState.FAILED);
        assertThat(JSON.readTree(ended.problem()).path("incident").asString()).hasSize(36);
        assertThat(ended.problem()).doesNotContain("secret");
    }

    @Test
    void aHandlerThatDoesNotFinishHasFailed() throws Exception {
        Operation ended = fixture.end(fixture.begin("forget", _ -> {}));
        assertThat(ended.state()).isEqualTo(OperationState.FAILED);
    }

    @Test
    void aProblemOfManyWordsIsKeptShort() throws Exception {
        Operation ended = fixture.end(fixture.begin("ramble", _ -> {
            throw new Ramble();
        }));

        JsonNode problem = JSON.readTree(ended.problem());
        assertThat(ended.problem()).hasSizeLessThan(6000);
        assertThat(problem.path("type").asString()).isEqualTo("urn:cowshed:problem:invalid-image");
        assertThat(problem.path("detail").asString()).startsWith("so so so").endsWith("…");
        assertThat(problem.has("all")).isFalse();
    }

    private static final class Ramble extends CowshedException {
        Ramble() {
            super(ProblemType.INVALID_IMAGE, "so ".repeat(10_000), null);
            member("all", "x".repeat(10_000));
        }
    }

    @Test
    void oneThatWaitsIsCancelledAtOnce() throws Exception {
        List<Operation> before = new ArrayList<>();
        Gate first = new Gate();
        Gate second = new Gate();
        before.add(fixture.begin("block-1", run -> {
            first.pass(run);
            ScriptedHandler.succeed(run);
        }));
        before.add(fixture.begin("block-2", run -> {
            second.pass(run);
            ScriptedHandler.succeed(run);
        }));
        first.awaitReached();
        second.awaitReached();
        ScriptedHandler handler = fixture.handler("wait", ScriptedHandler::succeed);
        Operation waiting = fixture.submit("wait");

        Operation cancelled = fixture.operations().cancel(waiting.id());

        assertThat(cancelled.state()).isEqualTo(OperationState.CANCELLED);
        assertThat(cancelled.startedAt()).isNull();
        assertThat(cancelled.problem()).isNull();
        assertThat(handler.takenBack()).containsExactly(waiting.id());
        assertThat(fixture.operations().cancel(waiting.id())).isEqualTo(cancelled);
        first.open();
        second.open();
        for (Operation other : before) {
            assertThat(fixture.end(other).state()).isEqualTo(OperationState.SUCCEEDED);
        }
        until(() -> fixture.jobs(waiting) == 0);
        assertThat(handler.attempts()).isEmpty();
        assertThat(handler.takenBack()).hasSize(1);
    }

    @Test
    void oneThatRunsIsCancelledWithinAboutASecond() throws Exception {
        Gate gate = new Gate();
        ScriptedHandler handler = fixture.handler("run-on", gate::pass);
        Operation running = fixture.submit("run-on");
        gate.awaitReached();

        long begin = System.nanoTime();
        Operation asked = fixture.operations().cancel(running.id());
        Operation again = fixture.operations().cancel(running.id());
        Operation ended = fixture.end(running);

        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(2));
        assertThat(asked.cancelRequested()).isTrue();
        assertThat(again.version()).isEqualTo(asked.version());
        assertThat(ended.state()).isEqualTo(OperationState.CANCELLED);
        assertThat(handler.takenBack()).containsExactly(running.id());
        assertThat(fixture.operations().cancel(running.id())).isEqualTo(ended);
    }

    @Test
    void pastTheTurnNobodyCancels() throws Exception {
        Gate gate = new Gate();
        ScriptedHandler handler = fixture.handler("turn", run -> {
            run.turn();
            gate.passDeaf();
            run.stop(Reason.CANCELLED);
            run.advance(1);
            ScriptedHandler.succeed(run);
        });
        Operation running = fixture.submit("turn");
        gate.awaitReached();
        assertThat(fixture.operations().cancel(running.id()).state()).isEqualTo(OperationState.RUNNING);
        gate.open();

        assertThat(fixture.end(running).state()).isEqualTo(OperationState.SUCCEEDED);
        assertThat(handler.takenBack()).isEmpty();
    }

    @Test
    void whatAnAttemptNotedIsThereForTheNextAndForClearingUp() throws Exception {
        List<String> found = new ArrayList<>();
        ScriptedHandler handler = fixture.handler(
                "note",
                run -> {
                    run.note("first");
                    run.note("here");
                    throw new DatabaseUnavailable(new IllegalStateException("no answer"));
                },
                run -> {
                    found.add(String.valueOf(run.mark()));
                    throw new IllegalStateException("it does not work");
                });
        Operation begun = fixture.submit("note");

        assertThat(fixture.end(begun).state()).isEqualTo(OperationState.FAILED);
        assertThat(found).containsExactly("here");
        assertThat(handler.clearedUp()).containsExactly("here");
    }

    @Test
    void whatSucceedsHasNothingToClearUp() throws Exception {
        ScriptedHandler handler = fixture.handler("tidy", run -> {
            run.note("here");
            ScriptedHandler.succeed(run);
        });
        Operation begun = fixture.submit("tidy");

        assertThat(fixture.end(begun).state()).isEqualTo(OperationState.SUCCEEDED);
        assertThat(handler.clearedUp()).isEmpty();
    }

    @Test
    void whoCancelsBeforeTheTurnCanRelyOnIt() throws Exception {
        Gate gate = new Gate();
        Operation running = fixture.begin("about-to-turn", run -> {
            gate.passDeaf();
            run.turn();
            ScriptedHandler.succeed(run);
        });
        gate.awaitReached();
        fixture.operations().cancel(running.id());
        gate.open();

        assertThat(fixture.end(running).state()).isEqualTo(OperationState.CANCELLED);
    }

    @Test
    void whatHasTurnedIsTriedUntilItSucceedsThoughItIsToBeCancelled() throws Exception {
        Gate gate = new Gate();
        ScriptedHandler handler = fixture.handler(
                "turn-and-break",
                run -> {
                    run.turn();
                    gate.passDeaf();
                    throw new IllegalStateException("the machine broke");
                },
                run -> {
                    run.stop(Reason.CANCELLED);
                    run.advance(1);
                    throw new IllegalStateException("and again, before it came so far");
                },
                run -> {
                    run.turn();
                    ScriptedHandler.succeed(run);
                });
        Operation running = fixture.submit("turn-and-break");
        gate.awaitReached();
        fixture.operations().cancel(running.id());
        gate.open();

        assertThat(fixture.end(running).state()).isEqualTo(OperationState.SUCCEEDED);
        assertThat(handler.attempts()).containsExactly(1L, 2L, 3L);
    }

    @Test
    void whatHasTurnedAndDiedBeforeItChangedAnythingCanBeCancelled() throws Exception {
        Gate gate = new Gate();
        Operation running = fixture.begin(
                "turn-and-die",
                run -> {
                    run.turn();
                    throw new OperationStopped(Reason.SHUTDOWN);
                },
                run -> {
                    run.startOver();
                    gate.pass(run);
                });
        gate.awaitReached();
        fixture.operations().cancel(running.id());

        assertThat(fixture.end(running).state()).isEqualTo(OperationState.CANCELLED);
    }

    @Test
    void whatIsOverIsNotCancelled() throws Exception {
        Operation succeeded = fixture.end(fixture.begin("soon-over", ScriptedHandler::succeed));
        Operation failed = fixture.end(fixture.begin("soon-failed", _ -> {
            throw new IllegalStateException();
        }));
        for (Operation over : List.of(succeeded, failed)) {
            assertRefused(
                    ProblemType.OPERATION_FINISHED, () -> fixture.operations().cancel(over.id()));
            assertThat(fixture.find(over)).isEqualTo(over);
        }
        assertRefused(ProblemType.NOT_FOUND, () -> fixture.operations().cancel(UUID.randomUUID()));
        assertRefused(ProblemType.NOT_FOUND, () -> fixture.operations().find(UUID.randomUUID()));
    }

    @Test
    void progressIsWrittenDown() throws Exception {
        Gate expecting = new Gate();
        Gate halfway = new Gate();
        Operation running = fixture.begin("progress", run -> {
            run.expect(1_000_000);
            expecting.pass(run);
            run.advance(400_000);
            halfway.pass(run);
            ScriptedHandler.succeed(run);
        });
        until(() -> fixture.find(running).totalBytes() != null);
        assertThat(fixture.find(running).doneBytes()).isZero();
        expecting.open();
        until(() -> fixture.find(running).doneBytes() > 0);
        Operation now = fixture.find(running);
        assertThat(now.doneBytes()).isEqualTo(400_000);
        assertThat(now.totalBytes()).isEqualTo(1_000_000);
        assertThat(now.bytesPerSecond()).isPositive();
        assertThat(now.remaining()).isPositive();
        halfway.open();

        Operation ended = fixture.end(running);
        assertThat(ended.doneBytes()).isEqualTo(1_000_000);
        assertThat(ended.totalBytes()).isEqualTo(1_000_000);
        assertThat(ended.bytesPerSecond()).isNull();
        assertThat(ended.remaining()).isNull();
    }

    @Test
    void whatIsOverBeforeAnybodyLookedHasItsBytesToo() throws Exception {
        Operation ended = fixture.end(fixture.begin("quick", run -> {
            run.expect(100);
            run.advance(70);
            ScriptedHandler.succeed(run);
        }));
        assertThat(ended.doneBytes()).isEqualTo(100);
        assertThat(ended.totalBytes()).isEqualTo(100);
    }

    @Test
    void asManyRunAsMay() throws Exception {
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        Gate gate = new Gate();
        AtomicInteger begun = new AtomicInteger();
        fixture.handler("crowd", run -> {
            most.accumulateAndGet(running.incrementAndGet(), Math::max);
            if (begun.incrementAndGet() <= PARALLEL) {
                gate.pass(run);
            }
            running.decrementAndGet();
            ScriptedHandler.succeed(run);
        });
        List<Operation> crowd = new ArrayList<>();
        for (int i = 0; i < 3 * PARALLEL; i++) {
            crowd.add(fixture.submit("crowd"));
        }
        until(() -> begun.get() == PARALLEL);
        OperationStore store = fixture.bean(OperationStore.class);
        assertThat(crowd.stream()
                        .map(fixture::find)
                        .filter(each -> each.state() == OperationState.QUEUED)
                        .map(each -> store.begin(each.id(), _ -> true)))
                .hasSize(2 * PARALLEL)
                .allSatisfy(found -> assertThat(found).isInstanceOf(OperationStore.Begun.Crowded.class));
        gate.open();
        for (Operation each : crowd) {
            assertThat(fixture.end(each).state()).isEqualTo(OperationState.SUCCEEDED);
        }
        assertThat(most.get()).isEqualTo(PARALLEL);
    }

    @Test
    void aTransactionThatIsRolledBackLeavesNeitherRowNorJob() {
        List<Operation> asked = new ArrayList<>();
        assertThatThrownBy(() -> fixture.bean(io.cowshed.database.Transactions.class)
                        .write(() -> {
                            asked.add(fixture.submit("never"));
                            throw new IllegalStateException("changed my mind");
                        }))
                .hasMessage("changed my mind");

        assertRefused(ProblemType.NOT_FOUND, () -> fixture.find(asked.getFirst()));
        assertThat(fixture.jobs(asked.getFirst())).isZero();
    }

    @Test
    void whatEndedLongAgoIsForgotten() throws Exception {
        Operation old = fixture.end(fixture.begin("old", ScriptedHandler::succeed));
        Operation young = fixture.end(fixture.submit("old"));
        Gate gate = new Gate();
        Operation running = fixture.begin("endless", gate::pass);
        gate.awaitReached();
        fixture.sql()
                .sql("update operation set finished_at = :then where id = :id")
                .param("then", old.createdAt().minus(Duration.ofDays(31)).atOffset(java.time.ZoneOffset.UTC))
                .param("id", old.id())
                .update();

        fixture.bean(OperationUpkeep.class).forgetOldOnes();

        assertRefused(ProblemType.NOT_FOUND, () -> fixture.find(old));
        assertThat(fixture.find(young)).isEqualTo(young);
        assertThat(fixture.operations().cancel(running.id()).state()).isEqualTo(OperationState.RUNNING);
        assertThat(fixture.end(running).state()).isEqualTo(OperationState.CANCELLED);
    }

    private static void assertRefused(ProblemType type, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        CowshedException.class, e -> assertThat(e.type()).isEqualTo(type));
    }
}

class H2OperationTests extends OperationTests {}

class PostgresqlOperationTests extends OperationTests {
    @Override
    protected TestDatabase.Kind databaseKind() {
        return TestDatabase.Kind.POSTGRESQL;
    }
}
