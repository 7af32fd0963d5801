package io.cowshed.ci;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.retention.Expiries;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.ServiceTests;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.TestService;
import io.cowshed.testing.VerbChains;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * A hundred jobs, a third of which fail, on a network that repeats, reorders and loses what it is given; two replicas take the
 * deliveries in turns, and those that come twice at the same time. At the end no disk is left that should not be, and none is
 * missing. {@code -Dcowshed.seed=…} tells another story.
 */
abstract class HookStoryTests extends ServiceTests {

    private static final long SEED = Long.getLong("cowshed.seed", 20261121L);
    private static final int JOBS = 100;
    private static final String KEY = "cowshed.hooks.key=CkZDV/5OUR4hd7nZXb33lzdLRHA0GKmnBxnxg6RWbLA=";

    private final Random random = new Random(SEED);
    private TestService other;

    @Override
    protected String[] properties() {
        return new String[] {KEY};
    }

    @BeforeAll
    void startAnother(@TempDir Path data) {
        other = service.another(database, data, KEY);
        new VerbChains(service).blankBase("story-base", 64 << 20);
    }

    @AfterAll
    void stopAnother() {
        other.close();
    }

    /** The end of a job that its disks are kept after, or not. */
    private enum End {
        SUCCESS,
        FAILURE,
        CANCELLED
    }

    /** Something that its CI system says of a job. */
    private record Said(int job, String word, String delivery) {}

    /** A job's end, and how many disks its rule makes. */
    private record Planned(int job, End end, int disks) {

        /** The first hundred jobs: a third of them fail, every seventh is for two disks. */
        static Planned of(int job) {
            return new Planned(
                    job, job % 3 == 0 ? End.FAILURE : job % 3 == 1 ? End.SUCCESS : End.CANCELLED, job % 7 == 0 ? 2 : 1);
        }

        String name() {
            return disks == 2 ? "Pair of VMs (" + job + ", ubuntu)" : "Boot & test #" + job;
        }
    }

    /** How a CI system says such things. */
    private interface Provider {
        Answer send(TestService replica, Planned job, Said said);
    }

    /** What should be at the end. */
    private enum Expected {
        NOTHING,
        RUNNING,
        KEPT
    }

    @Test
    void jobsOfGithubLeaveWhatTheyShould() throws Exception {
        Sender github =
                Sender.of(service, rules("github", "\"repositories\": [\"octo-org/*\"], \"runnerLabels\": [\"VM\"]"));
        tell(
                "github",
                1000,
                List.of("queued", "in_progress", "completed"),
                (replica, job, said) -> github.to(replica)
                        .github(
                                "workflow_job",
                                said.delivery(),
                                Sender.body(
                                        "github-workflow_job-" + said.word() + ".json",
                                        Map.of(
                                                "id",
                                                String.valueOf(1000 + job.job()),
                                                "run",
                                                "77",
                                                "ref",
                                                "feature/Milk-&-Honey",
                                                "name",
                                                job.name(),
                                                "conclusion",
                                                switch (job.end()) {
                                                    case SUCCESS -> "success";
                                                    case FAILURE -> job.job() % 2 == 0 ? "failure" : "timed_out";
                                                    case CANCELLED -> job.job() % 2 == 0 ? "cancelled" : "skipped";
                                                }))));
    }

    @Test
    void jobsOfGitlabLeaveWhatTheyShould() throws Exception {
        Sender gitlab = Sender.of(service, rules("gitlab", "\"refs\": [\"feature/**\"]"));
        tell(
                "gitlab",
                5000,
                List.of("pending", "running", "ended"),
                (replica, job, said) -> gitlab.to(replica)
                        .gitlab(
                                said.delivery(),
                                Sender.body(
                                        said.word().equals("pending")
                                                ? "gitlab-job.json"
                                                : "gitlab-job-with-runner.json",
                                        Map.of(
                                                "id",
                                                String.valueOf(5000 + job.job()),
                                                "run",
                                                "88",
                                                "ref",
                                                "feature/milk",
                                                "name",
                                                job.name(),
                                                "status",
                                                said.word().equals("ended")
                                                        ? switch (job.end()) {
                                                            case SUCCESS -> "success";
                                                            case FAILURE -> "failed";
                                                            case CANCELLED -> "canceled";
                                                        }
                                                        : said.word()))));
    }

    private static String rules(String provider, String which) {
        String rest =
                ", \"image\": \"story-base\", \"name\": \"{{repository}}-{{job.name}}-{{job.id}}.{{run.attempt}}\","
                        + " \"ttl\": \"PT6H\", \"keepFailedFor\": \"P2D\", \"labels\": {\"team\": \"cows\"}}";
        return "{\"name\": \"story-" + provider + "\", \"provider\": \"" + provider + "\", \"rules\": [{" + which
                + ", \"jobNames\": [\"Pair of *\"], \"count\": 2" + rest + ", {" + which + rest + "]}";
    }

    /** Tells the story, and looks at what is left. */
    private void tell(String provider, int firstId, List<String> words, Provider how) throws Exception {
        List<Said> sent = story(words);
        assertCovered(sent, words);
        Set<String> taken = new HashSet<>();
        try (ExecutorService twoAtOnce = Executors.newFixedThreadPool(2)) {
            for (int i = 0; i < sent.size(); i++) {
                Said said = sent.get(i);
                Planned job = Planned.of(said.job());
                TestService replica = i % 2 == 0 ? service : other;
                TestService second = i % 2 == 0 ? other : service;
                if (random.nextInt(5) == 0) {
                    Future<Answer> one = twoAtOnce.submit(() -> how.send(replica, job, said));
                    Future<Answer> two = twoAtOnce.submit(() -> how.send(second, job, said));
                    Sender.outcome(one.get());
                    assertThat(two.get().json()).isEqualTo(one.get().json());
                } else {
                    Sender.outcome(how.send(replica, job, said));
                }
                taken.add(said.delivery());
            }
        }
        assertThat(recorded(provider)).isEqualTo(taken.size());
        assertLeft(provider, firstId, expected(sent, words));
        assertTimeTakesTheRest(provider);
    }

    /** Also what nothing more is heard of, because that was lost. */
    private void assertTimeTakesTheRest(String provider) throws IOException {
        String left = "images?limit=1000&label=ci.provider%3D" + provider;
        api.get(left).json().path("items").forEach(disk -> {
            Answer changed =
                    api.patch("images/" + disk.path("id").asString(), "{\"expiresAt\": \"2026-01-01T00:00:00Z\"}");
            assertThat(changed.status()).as("%s", changed).isEqualTo(200);
        });
        Expiries.run(service);
        assertThat(api.get(left).json().path("items")).isEmpty();
        assertThat(api.get(left + "&state=trashed").json().path("items")).isEmpty();
        assertFilesAreCatalogued();
    }

    /** Everything that is said of all jobs, in the order in which it comes, some of it twice, some of it never. */
    private List<Said> story(List<String> words) {
        Map<Double, Said> arrivals = new TreeMap<>();
        for (int job = 0; job < JOBS; job++) {
            double begin = random.nextDouble(JOBS);
            List<Double> times = new ArrayList<>();
            for (int i = 0; i < words.size(); i++) {
                times.add(begin + i * 10 + random.nextDouble());
            }
            if (random.nextInt(4) == 0) {
                Collections.shuffle(times, random);
            }
            for (int i = 0; i < words.size(); i++) {
                Said said = new Said(job, words.get(i), "d-" + words.getFirst() + "-" + job + "-" + i);
                if (random.nextInt(12) == 0) {
                    continue;
                }
                arrivals.put(times.get(i), said);
                if (random.nextInt(4) == 0) {
                    arrivals.put(times.get(i) + random.nextDouble(40), said);
                }
            }
        }
        return List.copyOf(arrivals.values());
    }

    /** That the story has all in it that it is told for. */
    private static void assertCovered(List<Said> sent, List<String> words) {
        Map<Expected, Integer> ends = new HashMap<>();
        expected(sent, words).values().forEach(end -> ends.merge(end, 1, Integer::sum));
        assertThat(ends.get(Expected.RUNNING)).isGreaterThan(2);
        assertThat(ends.get(Expected.KEPT)).isGreaterThan(10);
        assertThat(ends.get(Expected.NOTHING)).isGreaterThan(30);
        assertThat(sent.size() - new HashSet<>(sent).size()).isGreaterThan(30);
        long early = firsts(sent).values().stream()
                .filter(first -> first.indexOf(words.getLast()) >= 0
                        && first.indexOf(words.getLast()) < first.indexOf(words.getFirst()))
                .count();
        assertThat(early).isGreaterThan(5);
    }

    /** What was said first of each job, each word once. */
    private static Map<Integer, List<String>> firsts(List<Said> sent) {
        Map<Integer, List<String>> firsts = new HashMap<>();
        for (Said said : sent) {
            List<String> heard = firsts.computeIfAbsent(said.job(), _ -> new ArrayList<>());
            if (!heard.contains(said.word())) {
                heard.add(said.word());
            }
        }
        return firsts;
    }

    private static Map<Integer, Expected> expected(List<Said> sent, List<String> words) {
        Map<Integer, Expected> expected = new HashMap<>();
        firsts(sent).forEach((job, heard) -> {
            int queued = heard.indexOf(words.getFirst());
            int ended = heard.indexOf(words.getLast());
            Expected end;
            if (queued < 0 || (ended >= 0 && ended < queued)) {
                end = Expected.NOTHING;
            } else if (ended < 0) {
                end = Expected.RUNNING;
            } else {
                end = Planned.of(job).end() == End.FAILURE ? Expected.KEPT : Expected.NOTHING;
            }
            expected.put(job, end);
        });
        return expected;
    }

    private void assertLeft(String provider, int firstId, Map<Integer, Expected> expected) throws IOException {
        Map<Integer, List<JsonNode>> left = new HashMap<>();
        api.get("images?limit=1000&label=ci.provider%3D" + provider)
                .json()
                .path("items")
                .valueStream()
                .forEach(image -> left.computeIfAbsent(
                                Integer.parseInt(image.path("labels")
                                                .path("ci.job")
                                                .asString())
                                        - firstId,
                                _ -> new ArrayList<>())
                        .add(image));
        expected.forEach((job, end) -> {
            List<JsonNode> disks = left.getOrDefault(job, List.of());
            assertThat(disks)
                    .as("disks of job %s, %s", job, end)
                    .hasSize(end == Expected.NOTHING ? 0 : Planned.of(job).disks());
            disks.forEach(disk -> assertDisk(disk, end));
        });
        assertThat(expected.keySet()).containsAll(left.keySet());
        assertFilesAreCatalogued();
    }

    /** What nothing more is heard of goes when its time is over; what failed has got another time. */
    private static void assertDisk(JsonNode disk, Expected end) {
        assertThat(disk.path("lifetime").asString()).isEqualTo("disposable");
        assertThat(disk.path("labels").path("team").asString()).isEqualTo("cows");
        assertThat(disk.path("labels").path("ci.kept").asString("")).isEqualTo(end == Expected.KEPT ? "failed" : "");
        Duration left = Duration.between(
                Instant.now(), Instant.parse(disk.path("expiresAt").asString()));
        assertThat(left)
                .isBetween(
                        end == Expected.KEPT ? Duration.ofHours(47) : Duration.ofHours(5),
                        end == Expected.KEPT ? Duration.ofDays(2) : Duration.ofHours(6));
    }

    private void assertFilesAreCatalogued() throws IOException {
        Set<String> catalogued = new HashSet<>();
        api.get("images?limit=1000")
                .json()
                .path("items")
                .forEach(image -> catalogued.add(image.path("id").asString() + ".qcow2"));
        try (Stream<Path> files = Files.list(service.volume().resolve("images"))) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrderElementsOf(catalogued);
        }
        try (Stream<Path> files = Files.list(service.volume().resolve("incoming"))) {
            assertThat(files).isEmpty();
        }
    }

    private int recorded(String provider) {
        String hook = api.get("hooks")
                .json()
                .path("items")
                .valueStream()
                .filter(item -> item.path("name").asString().equals("story-" + provider))
                .findFirst()
                .orElseThrow()
                .path("id")
                .asString();
        JsonNode page = api.get("hooks/" + hook + "/deliveries?limit=1000").json();
        assertThat(page.path("nextCursor").isNull()).isTrue();
        page.path("items")
                .forEach(delivery -> assertThat(delivery.path("outcome").asString())
                        .as("%s", delivery)
                        .isNotEqualTo("refused"));
        return page.path("items").size();
    }
}

class H2HookStoryTests extends HookStoryTests {}

class PostgresqlHookStoryTests extends HookStoryTests {
    @Override
    protected TestDatabase.Kind databaseKind() {
        return TestDatabase.Kind.POSTGRESQL;
    }
}
