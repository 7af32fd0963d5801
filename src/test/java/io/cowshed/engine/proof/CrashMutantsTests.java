package io.cowshed.engine.proof;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.qcow2.MutantOrder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The proof of the tester: a writer that does one thing too early, or too late, is caught. */
class CrashMutantsTests {

    private static final String SURVIVED = "survived";
    private static final int STATES_PER_RUN = 60;

    /** Two operations one after the other are tried on these only. */
    private static final Set<String> FOR_PAIRS = Set.of("TINY_WIDE", "FULL", "OVERLAY", "SNAPSHOT");

    private static final String UNMAP_IS_IN_MEMORY =
            "UNMAP changes tables in memory, and the epoch that writes them flushes SIZE before it writes mappings";

    private static final String LEAKS =
            "a crash leaves clusters counted that nothing uses, past the end of the file, at worst";

    /** What no crash can make worse than a leak, and why. */
    private static final Map<String, String> EQUIVALENT = Map.of(
            "changeBacking: EPOCH (0) and BACKING_NAME (1) exchanged",
            "nothing points to the name, and it is on stable storage before anything does",
            "shrink: SIZE (1) and UNMAP (3) exchanged",
            UNMAP_IS_IN_MEMORY,
            "shrink: no barrier after SIZE (2)",
            UNMAP_IS_IN_MEMORY,
            "shrink: EPOCH (0) and SIZE (1) exchanged",
            "what the epoch writes may be old or new, whichever size the disk has",
            "shrink: EPOCH (0) and UNMAP (3) exchanged",
            UNMAP_IS_IN_MEMORY,
            "shrink: EPOCH (0) and REFCOUNT_BLOCKS (5) exchanged",
            "the epoch after UNMAP writes what this one would have",
            "shrink: REFCOUNT_BLOCKS (5) and TRUNCATE (7) exchanged",
            LEAKS,
            "shrink: no barrier after REFCOUNT_BLOCKS (6)",
            LEAKS);

    @TempDir
    private Path directory;

    @Test
    void noMutantOfTheOrderOfWritingSurvives() throws IOException {
        List<CrashRun> runs = new ArrayList<>();
        for (Sample sample : Sample.makeAll(directory)) {
            runs.addAll(CrashTests.runs(sample));
        }
        runs.removeIf(run ->
                run.operations().size() > 1 && !FOR_PAIRS.contains(run.sample().name()));
        runs.sort(Comparator.comparingInt(run -> run.operations().size()));
        Map<String, String> fates = new ConcurrentSkipListMap<>();
        MutantOrder.all().parallelStream().forEach(mutant -> {
            String fate = fate(mutant, runs);
            fates.put(mutant.toString(), fate);
            String reason = fate.equals(SURVIVED) ? EQUIVALENT.get(mutant.toString()) : null;
            System.out.println("mutant: " + mutant + " -> " + fate + (reason == null ? "" : ": " + reason));
        });
        List<String> survivors = fates.entrySet().stream()
                .filter(entry -> entry.getValue().equals(SURVIVED))
                .map(Map.Entry::getKey)
                .toList();
        assertThat(survivors).containsExactlyInAnyOrderElementsOf(EQUIVALENT.keySet());
    }

    private static String fate(MutantOrder mutant, List<CrashRun> runs) {
        for (CrashRun run : runs) {
            if (isConcerned(mutant.change(), run)) {
                try {
                    run.judge(mutant::open, STATES_PER_RUN, 0);
                    if (mutant.change().equals("corrupt")) {
                        new CorruptionRun(run.sample()).judge(mutant::open);
                    }
                } catch (AssertionError e) {
                    return "caught by " + run + ": " + words(e);
                }
            }
        }
        return SURVIVED;
    }

    /** Whether the change, of which the order is wrong, is made in a run. */
    private static boolean isConcerned(String change, CrashRun run) {
        String operations = run.operations().toString();
        return switch (change) {
            case "opening" -> run.sample().hasBitmap();
            case "closing" -> run.operations().size() == 1;
            case "grow" -> operations.contains("grow");
            case "shrink" -> operations.contains("shrink");
            case "changeBacking" -> operations.contains("backing");
            case "corrupt" ->
                run.operations().size() == 1 && run.sample().name().equals("SMALL");
            default -> true;
        };
    }

    private static String words(Throwable failure) {
        Throwable cause = failure;
        for (Throwable next = cause; next != null; next = next.getCause()) {
            cause = next;
        }
        String words = String.valueOf(cause.getMessage());
        return words.substring(0, Math.min(100, words.length()));
    }
}
