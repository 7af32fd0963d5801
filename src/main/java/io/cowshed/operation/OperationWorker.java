package io.cowshed.operation;

import com.github.kagkarlsson.scheduler.task.CompletionHandler;
import com.github.kagkarlsson.scheduler.task.CompletionHandler.OnCompleteRemove;
import com.github.kagkarlsson.scheduler.task.ExecutionComplete;
import com.github.kagkarlsson.scheduler.task.ExecutionOperations;
import io.cowshed.event.Actor;
import io.cowshed.operation.OperationStore.Begun;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.DatabaseUnavailable;
import io.cowshed.problem.ProblemRenderer;
import io.cowshed.problem.ProblemType;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** Runs what the queue hands out, one attempt at a time, each on a thread of its own. */
@Component
class OperationWorker {

    private static final Logger LOG = LoggerFactory.getLogger(OperationWorker.class);

    private static final Duration SOON = Duration.ofSeconds(1);

    private final OperationStore store;
    private final OperationHandlers handlers;
    private final OperationWatch watch;
    private final OperationMeters meters;
    private final Bandwidth bandwidth;
    private final JsonMapper json;

    OperationWorker(
            OperationStore store,
            OperationHandlers handlers,
            OperationWatch watch,
            OperationMeters meters,
            OperationProperties properties,
            JsonMapper json) {
        this.store = store;
        this.handlers = handlers;
        this.watch = watch;
        this.meters = meters;
        this.bandwidth = new Bandwidth(
                properties.bandwidth() == null ? null : properties.bandwidth().bytes());
        this.json = json;
    }

    /**
     * Makes an attempt at an operation.
     *
     * @return what is to become of its job: it goes when the operation is over
     */
    CompletionHandler<Void> run(UUID id) {
        if (!watch.isRunning()) {
            return again(Duration.ZERO);
        }
        return switch (store.begin(id, handlers::know)) {
            case Begun.Nothing _ -> new OnCompleteRemove<>();
            case Begun.Crowded _ -> again(SOON);
            case Begun.Foreign(String kind) -> {
                LOG.debug("Operation {} is left to replicas that know how to {}", id, kind);
                yield again(SOON);
            }
            case Begun.Attempt(Operation operation) ->
                Actor.onBehalfOf(operation.createdBy()).call(() -> named(operation));
        };
    }

    /** What is logged meanwhile says which operation it is about. */
    private CompletionHandler<Void> named(Operation operation) {
        try (MDC.MDCCloseable _ = MDC.putCloseable("operationId", operation.id().toString())) {
            return meters.attempt(operation, () -> attempt(operation));
        }
    }

    private CompletionHandler<Void> attempt(Operation operation) {
        LOG.debug("Attempt {} to {} image {} begins", operation.attempt(), operation.kind(), operation.subject());
        OperationRun run = new OperationRun(operation, store, bandwidth, json);
        OperationHandler handler = handlers.of(operation.kind());
        watch.watch(run);
        try {
            if (run.attempt() == 1 && operation.cancelRequested()) {
                return givenUp(run, null, handler);
            }
            handler.run(run);
            if (!run.isFinished()) {
                throw new IllegalStateException("The handler of " + handler.kind() + " did not finish the operation");
            }
            meters.ended(run, OperationState.SUCCEEDED, null);
            return new OnCompleteRemove<>();
        } catch (OperationStopped e) {
            return switch (e.reason()) {
                case CANCELLED -> givenUp(run, null, handler);
                case SUPERSEDED -> OperationWorker::letGo;
                case NOT_UNDERSTOOD -> again(SOON);
                case SHUTDOWN -> handedOver();
            };
        } catch (InterruptedException e) {
            return handedOver();
        } catch (Exception e) {
            return failed(run, e, handler);
        } finally {
            watch.leave(run);
        }
    }

    private CompletionHandler<Void> failed(OperationRun run, Exception failure, OperationHandler handler) {
        if (run.isStopping()) {
            LOG.info("Operation {} is handed over: what failed was interrupted", run.id(), failure);
            return handedOver();
        }
        CowshedException problem = ProblemRenderer.translate(failure);
        if (problem instanceof DatabaseUnavailable) {
            LOG.warn("Operation {} is tried again, because the database did not answer", run.id(), failure);
            return again(SOON);
        }
        if (problem.type() == ProblemType.IMAGE_IN_USE && run.attempt() > 1) {
            return waiting(run, problem, handler);
        }
        if (run.hasTurned()) {
            LOG.error("Operation {} cannot go back; it is tried again", run.id(), failure);
            return again(SOON);
        }
        return givenUp(run, problem, handler);
    }

    /** For a guest that has started since an earlier attempt died, or for that attempt, which may be alive. */
    private CompletionHandler<Void> waiting(OperationRun run, CowshedException problem, OperationHandler handler) {
        if (store.isToBeGivenUp(run)) {
            return givenUp(run, null, handler);
        }
        LOG.info("Operation {} waits: {}", run.id(), problem.detail());
        store.queueAgain(run);
        return again(SOON);
    }

    private CompletionHandler<Void> givenUp(
            OperationRun run, @Nullable CowshedException problem, OperationHandler handler) {
        try {
            handler.clearUp(run);
        } catch (InterruptedException e) {
            return handedOver();
        } catch (Exception e) {
            if (ProblemRenderer.translate(e) instanceof DatabaseUnavailable) {
                LOG.warn("Operation {} could not be cleared up after now", run.id(), e);
                return again(SOON);
            }
            LOG.warn("Operation {} has left behind what does no harm, but takes up space", run.id(), e);
        }
        try {
            store.giveUp(run, problem, handler);
            meters.ended(run, problem == null ? OperationState.CANCELLED : OperationState.FAILED, problem);
            return new OnCompleteRemove<>();
        } catch (OperationStopped _) {
            return OperationWorker::letGo;
        } catch (DatabaseUnavailable e) {
            LOG.warn("Operation {} could not be given up now", run.id(), e);
            return again(SOON);
        }
    }

    private static CompletionHandler<Void> again(Duration pause) {
        return (complete, job) -> job.reschedule(complete, Instant.now().plus(pause));
    }

    /** To another replica, now. Who was interrupted has to talk to the database once more for that. */
    private static CompletionHandler<Void> handedOver() {
        return (complete, job) -> {
            boolean interrupted = Thread.interrupted();
            job.reschedule(complete, Instant.now());
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        };
    }

    /** The job is that of a later attempt now, as a rule. Where it is not, it goes when it is seen that nothing is left to do. */
    private static void letGo(ExecutionComplete complete, ExecutionOperations<Void> job) {
        try {
            job.reschedule(complete, Instant.now().plus(SOON));
        } catch (RuntimeException e) {
            LOG.debug(
                    "Job {} belongs to another attempt", complete.getExecution().getId(), e);
        }
    }
}
