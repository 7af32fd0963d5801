package io.cowshed.engine.proof;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.engine.qcow2.WritableQcow2Image;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The power is cut while an image is changed, at every moment: what was promised is there, and nothing is damaged. */
class CrashTests {

    /** How many states to look at, roughly. */
    private static final int WANTED = Integer.getInteger("cowshed.crash.states", 30_000);

    /** Of a sequence of operations; where there are too few for all sequences, some of these are drawn. */
    private static final int LEAST = 6;

    @TempDir
    private Path directory;

    @Test
    void whateverAPowerCutLeavesIsAnImageThatKeepsItsPromises() throws IOException {
        List<CrashRun> runs = drawn();
        int most = Math.max(LEAST, WANTED / runs.size());
        Map<String, Long> states = new ConcurrentSkipListMap<>();
        ConcurrentLinkedQueue<AssertionError> failures = new ConcurrentLinkedQueue<>();
        runs.parallelStream().forEach(run -> {
            try {
                int limit = run.operations().size() == 1 ? most * 10 : most;
                long judged = run.judge(WritableQcow2Image::open, limit, Judge.WRITES);
                states.merge(run.sample().name(), judged, Long::sum);
            } catch (AssertionError e) {
                failures.add(e);
            }
        });
        long total = states.values().stream().mapToLong(Long::longValue).sum();
        System.out.println("crash states: " + total + " of " + runs.size() + " runs, by image: " + states);
        if (!failures.isEmpty()) {
            throw new AssertionError(
                    failures.size() + " runs of " + runs.size() + " failed: " + summary(failures), shortest(failures));
        }
        assertThat(total).isGreaterThan(Math.min(WANTED, 100_000));
    }

    /** Each operation alone, and as many sequences as there are states for: at random, but always the same. */
    private List<CrashRun> drawn() throws IOException {
        List<CrashRun> alone = new ArrayList<>();
        List<CrashRun> sequences = new ArrayList<>();
        for (Sample sample : Sample.makeAll(directory)) {
            for (CrashRun run : runs(sample)) {
                (run.operations().size() == 1 ? alone : sequences).add(run);
            }
        }
        Collections.shuffle(sequences, new Random(WANTED));
        alone.addAll(sequences.subList(0, Math.min(WANTED / LEAST, sequences.size())));
        return alone;
    }

    @Test
    void aWriteThatWouldHitMetadataMarksTheImageForGood() throws IOException {
        Sample sample = Sample.make(Sample.Kind.SMALL, directory);
        new CorruptionRun(sample).judge(WritableQcow2Image::open);
    }

    private static AssertionError shortest(Collection<AssertionError> failures) {
        return failures.stream()
                .min(Comparator.comparingInt(e -> String.valueOf(e.getMessage()).length()))
                .orElseThrow();
    }

    /** What went wrong how often, the first words of it. */
    private static Map<String, Long> summary(Collection<AssertionError> failures) {
        return failures.stream()
                .collect(Collectors.groupingBy(CrashTests::rootWords, TreeMap::new, Collectors.counting()));
    }

    private static String rootWords(Throwable failure) {
        Throwable cause = failure;
        for (Throwable next = cause; next != null; next = next.getCause()) {
            cause = next;
        }
        String words = String.valueOf(cause).replaceAll("[0-9]+", "#");
        return words.substring(0, Math.min(110, words.length()));
    }

    /** Each operation alone, after each other, and after each other and a flush. */
    static List<CrashRun> runs(Sample sample) {
        List<CrashRun> runs = new ArrayList<>();
        for (Operation last : Operation.ALL) {
            runs.add(new CrashRun(sample, List.of(last)));
            for (Operation first : sample.isLarge() ? List.<Operation>of() : Operation.ALL) {
                runs.add(new CrashRun(sample, List.of(first, last)));
                runs.add(new CrashRun(sample, List.of(first, Operation.FLUSH, last)));
            }
        }
        return runs;
    }
}
