package io.cowshed.operation;

import io.cowshed.database.TimeOrderedIds;
import io.cowshed.database.Transactions;
import io.cowshed.operation.OperationStopped.Reason;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.DatabaseUnavailable;
import io.cowshed.problem.ProblemType;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;

/** The rows of operations, and how they go from state to state. */
@Component
class OperationStore {

    private static final Logger LOG = LoggerFactory.getLogger(OperationStore.class);
    private static final Duration RETRY = Duration.ofSeconds(1);

    private final JdbcClient database;
    private final Transactions transactions;
    private final Claims claims;
    private final OperationEvents events;
    private final OperationProperties properties;
    private final TimeOrderedIds ids;
    private final OperationJson json;
    private final Clock clock;

    OperationStore(
            JdbcClient database,
            Transactions transactions,
            Claims claims,
            OperationEvents events,
            OperationProperties properties,
            TimeOrderedIds ids,
            OperationJson json,
            Clock clock) {
        this.database = database;
        this.transactions = transactions;
        this.claims = claims;
        this.events = events;
        this.properties = properties;
        this.ids = ids;
        this.json = json;
        this.clock = clock;
    }

    /** What a worker finds. */
    sealed interface Begun {

        /** A new attempt, which is this worker's. */
        record Attempt(Operation operation) implements Begun {}

        /** As many operations are running as may. */
        record Crowded() implements Begun {}

        /** Of a kind that another build knows. */
        record Foreign(String kind) implements Begun {}

        /** It is over, or was never committed. */
        record Nothing() implements Begun {}
    }

    Operation add(NewOperation wanted) {
        UUID id = ids.next();
        database.sql("insert into operation (id, kind, subject_id, subject_name, request, state, cancel_requested,"
                        + " attempt, turned, done_bytes, created_at, created_by, version) values (:id, :kind, :subject,"
                        + " :name, :request, 'queued', false, 0, false, 0, :now, :by, 0)")
                .param("id", id)
                .param("kind", wanted.kind())
                .param("subject", wanted.subject())
                .param("name", wanted.subjectName())
                .param("request", json.of(wanted.request()))
                .param("now", now())
                .param("by", wanted.createdBy())
                .update();
        claims.add(id, wanted.claims());
        return find(id).orElseThrow();
    }

    Optional<Operation> find(UUID id) {
        return database.sql("select " + Operation.COLUMNS + " from operation where id = :id")
                .param("id", id)
                .query(Operation.ROW)
                .optional();
    }

    /**
     * Begins an attempt, and ends those that may still be going on.
     *
     * @param known whether this build can work on operations of a kind
     */
    Begun begin(UUID id, Predicate<String> known) {
        return transactions.write(() -> {
            Operation operation = lock(id).orElse(null);
            if (operation == null || operation.state().isOver()) {
                return new Begun.Nothing();
            }
            if (!known.test(operation.kind())) {
                return new Begun.Foreign(operation.kind());
            }
            if (operation.state() == OperationState.QUEUED && isCrowded()) {
                return new Begun.Crowded();
            }
            database.sql("update operation set state = 'running', attempt = attempt + 1, done_bytes = 0,"
                            + " total_bytes = null, bytes_per_second = null, version = version + 1,"
                            + " started_at = coalesce(started_at, :now) where id = :id")
                    .param("id", id)
                    .param("now", now())
                    .update();
            return new Begun.Attempt(find(id).orElseThrow());
        });
    }

    /** Whether somebody has asked to give the operation up, and no attempt may have changed an image. */
    boolean isToBeGivenUp(OperationRun run) {
        return find(run.id())
                .filter(now -> now.attempt() == run.attempt() && now.cancelRequested() && !now.turned())
                .isPresent();
    }

    /** Lets others have its turn while it waits for what may take long. */
    void queueAgain(OperationRun run) {
        transactions.write(() -> database.sql("update operation set state = 'queued', bytes_per_second = null,"
                        + " version = version + 1 where id = :id and attempt = :attempt and state = 'running'")
                .param("id", run.id())
                .param("attempt", run.attempt())
                .update());
    }

    /** One row that all replicas have is locked before it is said that there is room, so that they say so one at a time. */
    private boolean isCrowded() {
        if (running() >= properties.parallel()) {
            return true;
        }
        database.sql("select id from installation for update").query(UUID.class).single();
        return running() >= properties.parallel();
    }

    private int running() {
        return database.sql("select count(*) from operation where state = 'running'")
                .query(Integer.class)
                .single();
    }

    /** See {@link OperationRun#finish}. A commit that failed may still have been done: then there is nothing left to do. */
    <T> T finish(OperationRun run, Supplier<T> rows) {
        AtomicReference<@Nullable T> answered = new AtomicReference<>();
        return persist(run, () -> {
            T before = answered.get();
            if (before != null && isDone(run)) {
                return before;
            }
            requireCurrent(run);
            T result = rows.get();
            long done = run.done();
            long total = Objects.requireNonNullElse(run.total(), done);
            end(run.operation(), OperationState.SUCCEEDED, total, total, json.of(result), null);
            answered.set(result);
            return result;
        });
    }

    /** See {@link OperationRun#commit}. */
    <T> T commit(OperationRun run, Supplier<T> rows) {
        return persist(run, () -> {
            requireCurrent(run);
            database.sql("update operation set turned = false where id = :id")
                    .param("id", run.id())
                    .update();
            return rows.get();
        });
    }

    private <T> T persist(OperationRun run, Supplier<T> work) {
        while (true) {
            try {
                return transactions.write(work);
            } catch (DatabaseUnavailable e) {
                LOG.warn("What operation {} has done awaits its commit; the database is asked again", run.id(), e);
                awaitDatabase(run);
            }
        }
    }

    private boolean isDone(OperationRun run) {
        return lock(run.id())
                .filter(now -> now.attempt() == run.attempt() && now.state() == OperationState.SUCCEEDED)
                .isPresent();
    }

    private Operation requireCurrent(OperationRun run) {
        return lock(run.id())
                .filter(now -> now.attempt() == run.attempt() && now.state() == OperationState.RUNNING)
                .orElseThrow(() -> new OperationStopped(Reason.SUPERSEDED));
    }

    /**
     * Writes down that an operation may have changed something from now on, and how that can be seen.
     *
     * @throws OperationStopped if this attempt is not the last one, or somebody has asked to give the operation up
     */
    void turn(OperationRun run, @Nullable String mark) {
        transactions.write(() -> {
            if (requireCurrent(run).cancelRequested()) {
                throw new OperationStopped(Reason.CANCELLED);
            }
            return database.sql("update operation set turned = true, mark = :mark where id = :id")
                    .param("id", run.id())
                    .param("mark", mark)
                    .update();
        });
    }

    /**
     * Leaves word to later attempts.
     *
     * @throws OperationStopped if this attempt is not the last one
     */
    void note(OperationRun run, String mark) {
        transactions.write(() -> {
            requireCurrent(run);
            return database.sql("update operation set mark = :mark where id = :id")
                    .param("id", run.id())
                    .param("mark", mark)
                    .update();
        });
    }

    private static void awaitDatabase(OperationRun run) {
        if (run.isLeft()) {
            throw new OperationStopped(Reason.SHUTDOWN);
        }
        try {
            TimeUnit.MILLISECONDS.sleep(RETRY.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new OperationStopped(Reason.SHUTDOWN);
        }
    }

    /** Ends an attempt that did not come to its end, and takes back what was reserved for it. */
    void giveUp(OperationRun run, @Nullable CowshedException problem, OperationHandler handler) {
        transactions.write(() -> {
            requireCurrent(run);
            OperationState state = problem == null ? OperationState.CANCELLED : OperationState.FAILED;
            end(
                    run.operation(),
                    state,
                    run.done(),
                    run.total(),
                    null,
                    problem == null ? null : json.problem(run.id(), problem));
            handler.takeBack(run.operation());
            return run;
        });
    }

    private void end(
            Operation operation,
            OperationState state,
            long done,
            @Nullable Long total,
            @Nullable String result,
            @Nullable String problem) {
        database.sql("update operation set state = :state, result = :result, problem = :problem, finished_at = :now,"
                        + " done_bytes = :done, total_bytes = :total, bytes_per_second = null, version = version + 1"
                        + " where id = :id")
                .param("id", operation.id())
                .param("state", state.word())
                .param("done", done)
                .param("total", total)
                .param("result", result)
                .param("problem", problem)
                .param("now", now())
                .update();
        claims.release(operation.id());
        events.finished(operation, state, problem);
    }

    /**
     * Asks that an operation end. One that has not begun ends at once, if this build knows how; after an attempt there may be
     * something to clear up.
     *
     * @param handlers of its kind
     * @return it as it is then
     * @throws CowshedException of type OPERATION_FINISHED if it is over, otherwise than by having been cancelled
     */
    Operation cancel(UUID id, OperationHandlers handlers) {
        return transactions.write(() -> {
            Operation operation = lock(id).orElseThrow(() -> new OperationNotFound(id));
            switch (operation.state()) {
                case QUEUED -> {
                    if (operation.attempt() == 0 && handlers.know(operation.kind())) {
                        end(operation, OperationState.CANCELLED, 0, null, null, null);
                        handlers.of(operation.kind()).takeBack(operation);
                    } else {
                        requestCancel(id);
                    }
                }
                case RUNNING -> requestCancel(id);
                case CANCELLED -> {}
                case SUCCEEDED, FAILED ->
                    throw new CowshedException(
                            ProblemType.OPERATION_FINISHED,
                            "Operation " + id + " is over: it has "
                                    + operation.state().word() + ".",
                            "See what it did: GET /api/v1/operations/" + id + ".");
            }
            return find(id).orElseThrow();
        });
    }

    private void requestCancel(UUID id) {
        database.sql("update operation set cancel_requested = true, version = version + 1 where id = :id"
                        + " and not cancel_requested")
                .param("id", id)
                .update();
    }

    /**
     * Writes down how far runs are. Outside of any transaction of Spring's, so that nobody waits for the disk: progress that a
     * power cut forgets is no loss.
     */
    void record(OperationRun run, long bytesPerSecond) {
        database.sql("update operation set done_bytes = :done, total_bytes = :total, bytes_per_second = :rate,"
                        + " version = version + 1 where id = :id and attempt = :attempt and state = 'running'")
                .param("done", run.done())
                .param("total", run.total())
                .param("rate", bytesPerSecond)
                .param("id", run.id())
                .param("attempt", run.attempt())
                .update();
    }

    /** What is to become of operations that are being worked on. */
    record Order(UUID id, long attempt, boolean cancelRequested, boolean running) {}

    List<Order> orders(Collection<UUID> ids) {
        return database.sql("select id, attempt, cancel_requested, state from operation where id in (:ids)")
                .param("ids", ids)
                .query((row, _) -> new Order(
                        row.getObject("id", UUID.class),
                        row.getLong("attempt"),
                        row.getBoolean("cancel_requested"),
                        row.getString("state").equals(OperationState.RUNNING.word())))
                .list();
    }

    /** Forgets what ended before then. */
    int forget(Instant before) {
        return transactions.write(() -> database.sql("delete from operation where finished_at < :before")
                .param("before", before.atOffset(ZoneOffset.UTC))
                .update());
    }

    /** Those that are not over and that nobody will work on, because the queue does not have them. */
    List<UUID> withoutJob() {
        return database.sql(
                        "select o.id from operation o where o.state in ('queued', 'running') and not exists (select 1"
                                + " from scheduled_tasks t where t.task_name = :job and t.task_instance = cast(o.id as varchar(100)))")
                .param("job", OperationConfiguration.JOB.getTaskName())
                .query((row, _) -> row.getObject("id", UUID.class))
                .list();
    }

    private Optional<Operation> lock(UUID id) {
        return database.sql("select " + Operation.COLUMNS + " from operation where id = :id for update")
                .param("id", id)
                .query(Operation.ROW)
                .optional();
    }

    private OffsetDateTime now() {
        return clock.instant().atOffset(ZoneOffset.UTC);
    }
}
