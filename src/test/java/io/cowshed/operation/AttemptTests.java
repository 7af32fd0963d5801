package io.cowshed.operation;

import static io.cowshed.testing.Eventually.until;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.database.Transactions;
import io.cowshed.operation.OperationStopped.Reason;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.DatabaseUnavailable;
import io.cowshed.problem.ProblemType;
import io.cowshed.testing.ServiceTests;
import io.cowshed.testing.TestDatabase;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/** What becomes of an operation when an attempt at it does not come to its end; on both databases. */
abstract class AttemptTests extends ServiceTests {

    private static final int PARALLEL = 2;

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
    void anImageInUseFailsTheFirstAttemptOnly() throws Exception {
        ScriptedHandler.Script inUse = _ -> {
            throw new CowshedException(ProblemType.IMAGE_IN_USE, "It is in use.", null);
        };
        Operation refused = fixture.end(fixture.begin("in-use", inUse));
        assertThat(refused.state()).isEqualTo(OperationState.FAILED);
        assertThat(refused.problem()).contains("image-in-use");

        Operation patient = fixture.end(fixture.begin(
                "in-use-by-a-zombie",
                _ -> {
                    throw new OperationStopped(Reason.SHUTDOWN);
                },
                inUse,
                ScriptedHandler::succeed));
        assertThat(patient.state()).isEqualTo(OperationState.SUCCEEDED);
        assertThat(patient.attempt()).isEqualTo(3);
    }

    @Test
    void whoWaitsForAGuestTakesNobodysPlaceAndCanBeCancelled() throws Exception {
        List<Operation> waiting = new ArrayList<>();
        for (int i = 0; i < 2 * PARALLEL; i++) {
            waiting.add(fixture.begin("waits-" + i, AttemptTests::stopping, AttemptTests::inUse));
        }
        for (Operation one : waiting) {
            until(() -> fixture.find(one).attempt() > 1 && fixture.find(one).state() == OperationState.QUEUED);
        }

        assertThat(fixture.end(fixture.begin("goes-before", ScriptedHandler::succeed))
                        .state())
                .isEqualTo(OperationState.SUCCEEDED);
        waiting.forEach(one -> fixture.operations().cancel(one.id()));

        for (Operation one : waiting) {
            assertThat(fixture.end(one).state()).isEqualTo(OperationState.CANCELLED);
        }
    }

    @Test
    void whoMayHaveChangedAnImageIsNotGivenUpWhileItWaits() throws Exception {
        AtomicInteger attempts = new AtomicInteger();
        Gate gate = new Gate();
        Operation waiting = fixture.begin(
                "waits-turned",
                run -> {
                    run.turn();
                    stopping(run);
                },
                run -> {
                    attempts.incrementAndGet();
                    inUse(run);
                },
                run -> {
                    gate.passDeaf();
                    ScriptedHandler.succeed(run);
                });
        until(() -> attempts.get() > 0);
        fixture.operations().cancel(waiting.id());
        gate.awaitReached();
        gate.open();

        assertThat(fixture.end(waiting).state()).isEqualTo(OperationState.SUCCEEDED);
    }

    @Test
    void whatFailsBecauseItIsInterruptedIsHandedOver() throws Exception {
        Operation ended = fixture.end(fixture.begin(
                "interrupted",
                _ -> {
                    Thread.currentThread().interrupt();
                    throw new CowshedException(ProblemType.VOLUME_UNAVAILABLE, "It cannot be read.", null);
                },
                ScriptedHandler::succeed));
        assertThat(ended.state()).isEqualTo(OperationState.SUCCEEDED);
        assertThat(ended.attempt()).isEqualTo(2);
    }

    private static void stopping(OperationRun run) {
        throw new OperationStopped(Reason.SHUTDOWN);
    }

    private static void inUse(OperationRun run) {
        throw new CowshedException(ProblemType.IMAGE_IN_USE, "It is in use.", null);
    }

    @Test
    void whatTheDatabaseDidNotAnswerIsAskedAgain() throws Exception {
        Operation ended = fixture.end(fixture.begin(
                "no-database",
                _ -> {
                    throw new DatabaseUnavailable(new IllegalStateException("gone"));
                },
                _ -> {
                    throw new IllegalStateException(new DatabaseUnavailable(new IllegalStateException("gone")));
                },
                _ -> {
                    throw new DataAccessResourceFailureException("gone, and in no transaction");
                },
                ScriptedHandler::succeed));
        assertThat(ended.state()).isEqualTo(OperationState.SUCCEEDED);
        assertThat(ended.attempt()).isEqualTo(4);
    }

    @Test
    void aSupersededAttemptChangesNothing() throws Exception {
        Gate gate = new Gate();
        AtomicInteger written = new AtomicInteger();
        AtomicReference<@Nullable Throwable> told = new AtomicReference<>();
        ScriptedHandler handler = fixture.handler(
                "superseded",
                run -> {
                    gate.passDeaf();
                    try {
                        ScriptedHandler.succeed(run, written::incrementAndGet);
                    } catch (OperationStopped e) {
                        told.set(e);
                        throw e;
                    }
                },
                ScriptedHandler::succeed);
        Operation running = fixture.submit("superseded");
        gate.awaitReached();
        assertThat(fixture.bean(OperationStore.class).begin(running.id(), _ -> true))
                .isInstanceOf(OperationStore.Begun.Attempt.class);
        gate.open();

        assertThat(fixture.end(running).state()).isEqualTo(OperationState.SUCCEEDED);
        assertThat(told.get())
                .isInstanceOfSatisfying(
                        OperationStopped.class, e -> assertThat(e.reason()).isEqualTo(Reason.SUPERSEDED));
        assertThat(written.get()).isZero();
        assertThat(handler.attempts()).containsExactly(1L, 3L);
        assertThat(handler.takenBack()).isEmpty();
    }

    @Test
    void aSupersededAttemptLearnsOfItWhileItWorksAndDoesNotTurn() throws Exception {
        AtomicReference<@Nullable Reason> atWork = new AtomicReference<>();
        AtomicReference<@Nullable Reason> atTheTurn = new AtomicReference<>();
        Gate gate = new Gate();
        Gate deaf = new Gate();
        Operation running = fixture.begin(
                "learns",
                run -> {
                    try {
                        gate.pass(run);
                    } catch (OperationStopped e) {
                        atWork.set(e.reason());
                        throw e;
                    }
                },
                run -> {
                    deaf.passDeaf();
                    try {
                        run.turn();
                    } catch (OperationStopped e) {
                        atTheTurn.set(e.reason());
                        throw e;
                    }
                },
                ScriptedHandler::succeed);
        OperationStore store = fixture.bean(OperationStore.class);
        gate.awaitReached();
        store.begin(running.id(), _ -> true);
        deaf.awaitReached();
        store.begin(running.id(), _ -> true);
        deaf.open();

        assertThat(fixture.end(running).state()).isEqualTo(OperationState.SUCCEEDED);
        assertThat(atWork.get()).isEqualTo(Reason.SUPERSEDED);
        assertThat(atTheTurn.get()).isEqualTo(Reason.SUPERSEDED);
    }

    @Test
    void aCommitThatWasDoneThoughItFailedIsNotDoneTwice() throws Exception {
        AtomicInteger written = new AtomicInteger();
        Operation ended = fixture.end(fixture.begin(
                "done-unheard",
                run -> ScriptedHandler.succeed(run, () -> {
                    written.incrementAndGet();
                    breakOnce(written.get(), false);
                })));

        assertThat(ended.state()).isEqualTo(OperationState.SUCCEEDED);
        assertThat(ended.attempt()).isEqualTo(1);
        assertThat(written.get()).isEqualTo(1);
    }

    @Test
    void aCommitThatWasNotDoneIsDoneAgain() throws Exception {
        AtomicInteger written = new AtomicInteger();
        Operation ended = fixture.end(fixture.begin(
                "not-done-unheard",
                run -> ScriptedHandler.succeed(run, () -> {
                    written.incrementAndGet();
                    breakOnce(written.get(), true);
                })));

        assertThat(ended.state()).isEqualTo(OperationState.SUCCEEDED);
        assertThat(ended.attempt()).isEqualTo(1);
        assertThat(written.get()).isEqualTo(2);
    }

    /** The first commit fails, before or after it is done. */
    private static void breakOnce(int time, boolean before) {
        if (time > 1) {
            return;
        }
        TransactionSynchronizationManager.registerSynchronization(new TransactionSynchronization() {
            @Override
            public void beforeCommit(boolean readOnly) {
                if (before) {
                    throw new DatabaseUnavailable(new IllegalStateException("broke before"));
                }
            }

            @Override
            public void afterCommit() {
                if (!before) {
                    throw new DatabaseUnavailable(new IllegalStateException("broke after"));
                }
            }
        });
    }

    @Test
    void aKindOfAnotherBuildIsLeftToIt() throws Exception {
        Operation asked = fixture.submit("of-tomorrow");
        fixture.bean(OperationWorker.class).run(asked.id());
        assertThat(fixture.find(asked)).isEqualTo(asked);

        ScriptedHandler handler = fixture.handler("of-tomorrow", ScriptedHandler::succeed);
        assertThat(fixture.end(asked).state()).isEqualTo(OperationState.SUCCEEDED);
        assertThat(handler.attempts()).containsExactly(1L);
    }

    @Test
    void aKindOfAnotherBuildIsCancelledByIt() throws Exception {
        Operation asked = fixture.submit("of-yesterday");
        Operation cancelled = fixture.operations().cancel(asked.id());
        assertThat(cancelled.state()).isEqualTo(OperationState.QUEUED);
        assertThat(cancelled.cancelRequested()).isTrue();

        ScriptedHandler handler = fixture.handler("of-yesterday", ScriptedHandler::succeed);
        assertThat(fixture.end(asked).state()).isEqualTo(OperationState.CANCELLED);
        assertThat(handler.attempts()).isEmpty();
        assertThat(handler.takenBack()).containsExactly(asked.id());
    }

    private record Older(String word) {}

    private record Newer(
            String word,
            int number,
            boolean thorough,
            @Nullable String path) {}

    @Test
    void aRequestOfANewerBuildIsLeftToIt() throws Exception {
        Operation ended = fixture.end(fixture.begin(
                "newer",
                run -> {
                    run.request(Older.class);
                    throw new AssertionError("it has a field that is not known");
                },
                run -> {
                    run.request(OperationFixture.Request.class);
                    ScriptedHandler.succeed(run);
                }));
        assertThat(ended.state()).isEqualTo(OperationState.SUCCEEDED);
        assertThat(ended.attempt()).isEqualTo(2);
    }

    @Test
    void aRequestOfAnOlderBuildIsUnderstood() throws Exception {
        AtomicReference<@Nullable Newer> read = new AtomicReference<>();
        Operation ended = fixture.end(fixture.begin("older", run -> {
            read.set(run.request(Newer.class));
            ScriptedHandler.succeed(run);
        }));
        assertThat(ended.state()).isEqualTo(OperationState.SUCCEEDED);
        assertThat(read.get()).isEqualTo(new Newer("hello", 7, false, null));
    }

    @Test
    void aRowThatLostItsJobGetsAnother() throws Exception {
        fixture.handler("lost", ScriptedHandler::succeed);
        Operation lost = fixture.bean(Transactions.class).write(() -> {
            Operation asked = fixture.submit("lost");
            fixture.sql()
                    .sql("delete from scheduled_tasks where task_instance = :id")
                    .param("id", asked.id().toString())
                    .update();
            return asked;
        });
        OperationStore store = fixture.bean(OperationStore.class);
        assertThat(store.withoutJob()).containsExactly(lost.id());

        fixture.bean(OperationUpkeep.class).queueLostOnes();

        assertThat(store.withoutJob()).isEmpty();
        assertThat(fixture.end(lost).state()).isEqualTo(OperationState.SUCCEEDED);
    }

    @Test
    void aJobThatLostItsRowGoes() throws Exception {
        UUID nobody = UUID.randomUUID();
        fixture.bean(Transactions.class)
                .write(() -> fixture.bean(OperationQueue.class).add(nobody));
        until(() -> fixture.sql()
                        .sql("select count(*) from scheduled_tasks where task_instance = :id")
                        .param("id", nobody.toString())
                        .query(Long.class)
                        .single()
                == 0);
    }

    @Test
    void aJobOutlivesTheEndOfItsOperationAndDoesNothing() throws Exception {
        ScriptedHandler handler = fixture.handler("twice", ScriptedHandler::succeed);
        Operation ended = fixture.end(fixture.submit("twice"));
        until(() -> fixture.jobs(ended) == 0);
        fixture.bean(Transactions.class)
                .write(() -> fixture.bean(OperationQueue.class).add(ended.id()));
        until(() -> fixture.jobs(ended) == 0);

        assertThat(handler.attempts()).isEqualTo(List.of(1L));
        assertThat(fixture.find(ended)).isEqualTo(ended);
    }
}

class H2AttemptTests extends AttemptTests {}

class PostgresqlAttemptTests extends AttemptTests {
    @Override
    protected TestDatabase.Kind databaseKind() {
        return TestDatabase.Kind.POSTGRESQL;
    }
}
