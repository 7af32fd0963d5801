package io.cowshed;

import static io.cowshed.testing.VerbChains.succeed;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.VerbTrial.Verb;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.ServiceTests;
import io.cowshed.testing.VerbChains;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * Verbs that go slowly, all at once, are cancelled, each at a random moment: it is either too late for that, and the verb is
 * done, or nothing has happened, and it can be asked for again. {@code -Dcowshed.cancels=100} sets how often that is done,
 * {@code -Dcowshed.seed} when each is cancelled.
 */
class VerbCancelTests extends ServiceTests {

    private static final int CANCELS = Integer.getInteger("cowshed.cancels", 1);
    private static final long SEED = Long.getLong("cowshed.seed", 20261120L);

    /** Progress is told about every second, and all is done in three. */
    private static final int MOST_EVENTS = 4;

    private static final long MOST_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final List<Verb> VERBS = List.of(
            Verb.REDIRECT,
            Verb.SPLIT,
            Verb.REBASE,
            Verb.SPARSIFY,
            Verb.COPY_FLAT,
            Verb.COPY_DELTA,
            Verb.COMMIT,
            Verb.SNAPSHOT,
            Verb.RESET);

    @Override
    protected String[] properties() {
        return new String[] {"cowshed.operations.parallel=16", "cowshed.operations.bandwidth=24MiB"};
    }

    @Test
    void leavesEachVerbDoneOrNotBegun(@TempDir Path contents) throws Exception {
        Random random = new Random(SEED);
        VerbChains chains = new VerbChains(service);
        VerbTrials trials = new VerbTrials(chains, api, contents);
        trials.makeParents();
        int cancelled = 0;
        for (int round = 0; round < CANCELS; round++) {
            List<VerbTrial> all = new ArrayList<>();
            for (Verb verb : VERBS) {
                all.add(trials.image(verb, verb.word() + "-" + round));
            }
            all.add(trials.splice("node-" + round + "-", 3));
            Map<VerbTrial, String> again = new LinkedHashMap<>();
            for (VerbTrial trial : cancel(all, random)) {
                cancelled++;
                trial.requireEnded(chains);
                again.put(trial, trial.begin(api));
            }
            again.values().forEach(operation -> requireState(VerbTrial.over(api, operation), "succeeded"));
            all.forEach(trial -> trial.requireAfter(chains));
            new Invariants(database, service.volume()).check();
        }
        assertThat(cancelled).as("not all of them came too late").isPositive();
    }

    /** Begins all of them, and answers those that were cancelled; the others were done before. */
    private List<VerbTrial> cancel(List<VerbTrial> trials, Random random) throws Exception {
        Map<VerbTrial, Future<JsonNode>> ended = new LinkedHashMap<>();
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (VerbTrial trial : trials) {
                int events = random.nextInt(MOST_EVENTS);
                long nanos = random.nextLong(MOST_NANOS);
                ended.put(trial, callers.submit(() -> cancel(trial, events, nanos)));
            }
        }
        List<VerbTrial> cancelled = new ArrayList<>();
        for (Map.Entry<VerbTrial, Future<JsonNode>> entry : ended.entrySet()) {
            JsonNode operation = entry.getValue().get();
            if (operation.path("state").asString().equals("cancelled")) {
                cancelled.add(entry.getKey());
            } else {
                requireState(operation, "succeeded");
            }
        }
        return cancelled;
    }

    /** Begins it, and cancels it so long after so many events. */
    private JsonNode cancel(VerbTrial trial, int events, long nanos) throws IOException {
        String operation = trial.begin(api);
        awaitEvents(operation, events);
        LockSupport.parkNanos(nanos);
        Answer answer = api.post("operations/" + operation + "/cancel");
        if (!answer.problem().equals("operation-finished")) {
            succeed(answer);
        }
        return VerbTrial.over(api, operation);
    }

    private void awaitEvents(String operation, int events) throws IOException {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(
                api.stream("operations/" + operation + "/events", "Accept", "text/event-stream"),
                StandardCharsets.UTF_8))) {
            int left = events;
            for (String line = lines.readLine(); line != null && left > 0; line = lines.readLine()) {
                left -= line.startsWith("data: ") ? 1 : 0;
            }
        }
    }

    private static void requireState(JsonNode operation, String state) {
        assertThat(operation.path("state").asString()).as("%s", operation).isEqualTo(state);
    }
}
