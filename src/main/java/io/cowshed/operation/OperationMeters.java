package io.cowshed.operation;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemCounts;
import io.micrometer.common.KeyValue;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Measures operations: how long they wait, how long attempts take and what comes of them; and where tracing is on, traces them. */
@Component
class OperationMeters {

    private static final String OUTCOME = "outcome";

    private final ObservationRegistry observations;
    private final MeterRegistry meters;
    private final ProblemCounts problems;

    OperationMeters(ObservationRegistry observations, MeterRegistry meters, ProblemCounts problems) {
        this.observations = observations;
        this.meters = meters;
        this.problems = problems;
    }

    /** Measures an attempt, whose outcome is {@code again} unless it {@linkplain #ended ends} the operation. */
    <T> T attempt(Operation operation, Supplier<T> work) {
        if (operation.attempt() == 1 && operation.startedAt() != null) {
            Duration waited = Duration.between(operation.createdAt(), operation.startedAt());
            meters.timer("cowshed.operation.wait", "kind", operation.kind())
                    .record(waited.isNegative() ? Duration.ZERO : waited);
        }
        return Objects.requireNonNull(Observation.createNotStarted("cowshed.operation", observations)
                .contextualName(operation.kind())
                .lowCardinalityKeyValue("kind", operation.kind())
                .lowCardinalityKeyValue(OUTCOME, "again")
                .highCardinalityKeyValue("operation.id", operation.id().toString())
                .observe(work));
    }

    /**
     * Says what came of the attempt that this thread makes.
     *
     * @param problem null unless it has failed
     */
    void ended(OperationRun run, OperationState state, @Nullable CowshedException problem) {
        Observation current = observations.getCurrentObservation();
        if (current != null) {
            current.lowCardinalityKeyValue(KeyValue.of(OUTCOME, state.word()));
        }
        meters.counter("cowshed.operation.bytes", "kind", run.operation().kind())
                .increment((double) run.done());
        if (problem != null) {
            problems.operation(problem.type());
        }
    }
}
