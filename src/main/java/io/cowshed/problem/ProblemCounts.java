package io.cowshed.problem;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.springframework.stereotype.Component;

/** Counts refusals by their types. All are there from the beginning, at 0: a first one is an increase. */
@Component
public class ProblemCounts {

    private final Map<ProblemType, Counter> calls;
    private final Map<ProblemType, Counter> operations;

    ProblemCounts(MeterRegistry meters) {
        this.calls = counters(meters, "call");
        this.operations = counters(meters, "operation");
    }

    private static Map<ProblemType, Counter> counters(MeterRegistry meters, String of) {
        return Arrays.stream(ProblemType.values())
                .collect(Collectors.toMap(
                        type -> type,
                        type -> Counter.builder("cowshed.problems")
                                .description("Refused calls, and operations that failed, by the type of the problem")
                                .tag("of", of)
                                .tag("type", type.slug())
                                .register(meters)));
    }

    /** A call was answered with it. */
    void call(ProblemType type) {
        Objects.requireNonNull(calls.get(type)).increment();
    }

    /** An operation has failed by it. */
    public void operation(ProblemType type) {
        Objects.requireNonNull(operations.get(type)).increment();
    }
}
