package io.cowshed;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.VerbTrial.Verb;
import io.cowshed.testing.ApiClient;
import io.cowshed.testing.MountedVolume;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.TestService;
import io.cowshed.testing.VerbChains;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * The volume becomes full while verbs are at work, all at once: each of them fails, nothing reads otherwise, and when there is
 * room the same calls succeed. Needs root, to mount it.
 */
@Timeout(120)
class VerbFullDiskTests {

    private static final int SIZE = 96 << 20;

    /** They write much, and so slowly that the volume is full before they are done. */
    private static final List<Verb> LONG = List.of(
            Verb.REDIRECT,
            Verb.SPLIT,
            Verb.REBASE,
            Verb.SPARSIFY,
            Verb.COPY_FLAT,
            Verb.COPY_DELTA,
            Verb.COPY_COMPRESSED,
            Verb.COMMIT);

    /** They write little, without asking first whether there is room. */
    private static final List<Verb> SHORT = List.of(Verb.SNAPSHOT, Verb.RESET, Verb.GROW, Verb.REPAIR);

    private static final String MANY = "cowshed.operations.parallel=16";
    private static final String SLOW = "cowshed.operations.bandwidth=1MiB";

    @Test
    void everyVerbFailsWithoutATraceAndSucceedsOnceThereIsRoom(@TempDir Path directory) throws Exception {
        Path volume = directory.resolve("volume");
        try (MountedVolume _ = MountedVolume.ext4(directory.resolve("ext4"), SIZE, volume);
                TestDatabase database = TestDatabase.create(TestDatabase.Kind.H2)) {
            List<VerbTrial> interrupted = new ArrayList<>();
            List<VerbTrial> hopeless = new ArrayList<>();
            try (TestService service = TestService.start(database, directory, MANY, SLOW)) {
                VerbChains chains = new VerbChains(service);
                VerbTrials trials = new VerbTrials(chains, service.api(), directory);
                trials.makeParents();
                for (Verb verb : LONG) {
                    interrupted.add(trials.image(verb, verb.word()));
                }
                interrupted.add(trials.splice("node", 3));
                for (Verb verb : SHORT) {
                    hopeless.add(trials.image(verb, verb.word()));
                }
                Map<VerbTrial, String> operations = begin(service.api(), interrupted);
                awaitWriting(service.api(), operations);
                keepFull(service.api(), volume, operations);
                requireFull(service.api(), operations);
                interrupted.forEach(trial -> trial.requireEnded(chains));
                new Invariants(database, volume).check();
            }
            // It starts although there is no room at all.
            try (TestService service = TestService.start(database, directory, MANY)) {
                VerbChains chains = new VerbChains(service);
                fill(volume);
                requireFull(service.api(), begin(service.api(), hopeless));
                hopeless.forEach(trial -> trial.requireEnded(chains));
                new Invariants(database, volume).check();

                Files.delete(ballast(volume));
                List<VerbTrial> all =
                        Stream.concat(interrupted.stream(), hopeless.stream()).toList();
                begin(service.api(), all).forEach((trial, operation) -> {
                    JsonNode ended = VerbTrial.over(service.api(), operation);
                    assertThat(ended.path("state").asString()).as("%s", ended).isEqualTo("succeeded");
                    trial.requireAfter(chains);
                });
                new Invariants(database, volume).check();
            }
        }
    }

    private static Map<VerbTrial, String> begin(ApiClient api, List<VerbTrial> trials) {
        Map<VerbTrial, String> operations = new LinkedHashMap<>();
        trials.forEach(trial -> operations.put(trial, trial.begin(api)));
        return operations;
    }

    /** Returns when each of them has asked for room, was told that there is enough, and has begun to write. */
    private static void awaitWriting(ApiClient api, Map<VerbTrial, String> operations) {
        for (String operation : operations.values()) {
            JsonNode shown;
            do {
                shown = api.get("operations/" + operation).json();
                assertThat(shown.path("finishedAt").isNull()).as("%s", shown).isTrue();
            } while (shown.path("progress").path("doneBytes").asLong() == 0);
        }
    }

    private static long notOver(ApiClient api, Map<VerbTrial, String> operations) {
        return operations.values().stream()
                .filter(operation -> api.get("operations/" + operation)
                        .json()
                        .path("finishedAt")
                        .isNull())
                .count();
    }

    /** Takes all the room there is, and what one of them gives back when it has failed, until all have. */
    private static void keepFull(ApiClient api, Path volume, Map<VerbTrial, String> operations) throws IOException {
        do {
            fill(volume);
        } while (notOver(api, operations) > 0);
    }

    private static void requireFull(ApiClient api, Map<VerbTrial, String> operations) {
        operations.forEach((trial, operation) -> {
            JsonNode ended = VerbTrial.over(api, operation);
            assertThat(ended.path("state").asString())
                    .as("%s: %s", trial, ended)
                    .isEqualTo("failed");
            assertThat(ended.path("problem").path("type").asString())
                    .as("%s: %s", trial, ended)
                    .isEqualTo("urn:cowshed:problem:volume-full");
            assertThat(ended.path("problem").path("neededBytes").isMissingNode())
                    .as("%s found it while writing: %s", trial, ended)
                    .isTrue();
        });
    }

    private static void fill(Path volume) throws IOException {
        try (FileChannel ballast =
                FileChannel.open(ballast(volume), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            // What ext4 sets aside for data that it has yet to place there may be too much: it is free again once that
            // is done.
            for (long before = -1; before < ballast.size(); ballast.force(true)) {
                before = ballast.size();
                write(ballast, 1 << 20);
                // A new overlay takes no more than three blocks of a KiB.
                write(ballast, 1 << 9);
            }
        }
    }

    /** Until there is no room for another piece. */
    private static void write(FileChannel ballast, int piece) {
        ByteBuffer bytes = ByteBuffer.allocate(piece);
        try {
            while (true) {
                ballast.write(bytes.clear());
            }
        } catch (IOException e) {
            assertThat(e).hasMessageContaining("No space left");
        }
    }

    private static Path ballast(Path volume) {
        return volume.resolve("ballast");
    }
}
