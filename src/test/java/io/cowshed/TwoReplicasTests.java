package io.cowshed;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.catalog.Images;
import io.cowshed.catalog.Settlement;
import io.cowshed.testing.ApiClient;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.ServiceTests;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.TestService;
import io.cowshed.volume.Volume;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two replicas on one database and one volume, each asked for one of two things that do not go together. Each race is run
 * in both orders, many times, with lags of some milliseconds one way or the other. {@code -Dcowshed.rounds=500} sets how many.
 */
class TwoReplicasTests extends ServiceTests {

    private static final int ROUNDS = Integer.getInteger("cowshed.rounds", 4);
    private static final long SEED = Long.getLong("cowshed.seed", 20261120L);
    private static final int LONGEST_LAG_MICROS = 6000;

    private final Random random = new Random(SEED);
    private TestService other;
    private int names;

    @Override
    protected TestDatabase.Kind databaseKind() {
        return TestDatabase.Kind.POSTGRESQL;
    }

    @BeforeAll
    void startAnother(@TempDir Path data) {
        other = service.another(database, data);
    }

    @AfterAll
    void stopAnother() {
        other.close();
    }

    @AfterEach
    void rowsAndFilesAreEachOthers() throws SQLException, IOException {
        Invariants invariants = new Invariants(database, service.volume());
        invariants.check();
        invariants.checkFiles();
    }

    /** A call, made on whichever replica its turn has come to. */
    private interface Call extends Function<ApiClient, Answer> {}

    private record Outcome(Answer first, Answer second) {

        long count(int status) {
            return List.of(first, second).stream()
                    .filter(answer -> answer.status() == status)
                    .count();
        }
    }

    @Test
    void aParentIsClonedOrRemoved() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            String parent = sealed();
            Outcome outcome = race(round, cloning(parent, fresh()), removing(parent));

            if (outcome.first().status() == 201) {
                refused(outcome.second(), "image-has-children");
            } else {
                refused(outcome.first(), "not-found");
                assertThat(outcome.second().status()).isEqualTo(204);
            }
        }
    }

    @Test
    void aParentIsClonedOrUnsealed() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            String parent = sealed();
            Outcome outcome = race(round, cloning(parent, fresh()), unsealing(parent));

            if (outcome.first().status() == 201) {
                refused(outcome.second(), "image-has-children");
            } else {
                refused(outcome.first(), "image-not-sealed");
                assertThat(outcome.second().status()).isEqualTo(200);
            }
        }
    }

    @Test
    void twoClonesOfOneNameAreOne() throws Exception {
        String parent = sealed();
        for (int round = 0; round < ROUNDS; round++) {
            String name = fresh();
            oneHasTheName(race(round, cloning(parent, name), cloning(parent, name)), name, 201);
        }
    }

    @Test
    void manyClonesOfOneNameAmongThemAreAllOrNone() throws Exception {
        String parent = sealed();
        for (int round = 0; round < ROUNDS; round++) {
            String prefix = fresh() + "-";
            long before = images();
            Outcome outcome = race(
                    round,
                    cloning(parent, prefix + "5"),
                    api -> api.postJson(
                            "images/" + parent + "/clones",
                            "{\"namePrefix\": \"%s\", \"count\": 9}".formatted(prefix)));

            oneHasTheName(outcome, prefix + "5", 201);
            assertThat(images() - before).isEqualTo(outcome.first().status() == 201 ? 1 : 9);
        }
    }

    @Test
    void anImportAndACloneOfOneNameAreOne() throws Exception {
        String parent = sealed();
        for (int round = 0; round < ROUNDS; round++) {
            String name = fresh();
            oneHasTheName(race(round, cloning(parent, name), importing(name)), name, 201);
        }
    }

    @Test
    void aNameGoesToTheRenamedImageOrToTheNewOne() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            String image = blank();
            String name = fresh();
            Outcome outcome =
                    race(round, api -> api.patch("images/" + image, "{\"name\": \"" + name + "\"}"), importing(name));

            assertThat(List.of(outcome.first().status(), outcome.second().status()))
                    .isIn(List.of(200, 409), List.of(409, 201));
            assertThat(List.of(outcome.first().problem(), outcome.second().problem()))
                    .containsOnlyOnce("name-taken");
        }
    }

    @Test
    void anImageIsSealedBeforeItIsRemovedOrNotAtAll() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            String image = blank();
            Outcome outcome = race(round, api -> api.post("images/" + image + "/seal"), removing(image));

            if (outcome.first().status() != 200) {
                assertThat(outcome.first().problem()).isIn("not-found", "image-in-use");
            }
            if (outcome.second().status() != 204) {
                refused(outcome.second(), "image-in-use");
            }
            int afterwards = api.get("images/" + image).status();
            assertThat(afterwards).isEqualTo(outcome.second().status() == 204 ? 404 : 200);
        }
    }

    @Test
    void anImageIsRemovedOnce() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            String image = blank();
            Outcome outcome = race(round, removing(image), removing(image));

            assertThat(outcome.count(204)).isLessThanOrEqualTo(1);
            for (Answer answer : List.of(outcome.first(), outcome.second())) {
                if (answer.status() != 204) {
                    assertThat(answer.problem()).as("%s", answer).isIn("not-found", "image-in-use");
                }
            }
        }
    }

    @Test
    void anImageIsReadWholeOrGone() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            String image = blank();
            Outcome outcome = race(round, api -> api.get("images/" + image + "/content"), removing(image));

            if (outcome.first().status() == 200) {
                assertThat(outcome.first().bytes()).isEqualTo(new byte[1 << 20]);
            } else {
                assertThat(outcome.first().problem()).as("%s", outcome.first()).isIn("not-found", "image-in-use");
            }
        }
    }

    @Test
    void oneKeyHasOneEffectOnBothReplicas() throws Exception {
        String parent = sealed();
        for (int round = 0; round < ROUNDS; round++) {
            String key = UUID.randomUUID().toString();
            String body = "{\"name\": \"%s\"}".formatted(fresh());
            long before = images();
            Call call = api -> api.postJson("images/" + parent + "/clones", body, "Idempotency-Key", key);
            Outcome outcome = race(round, call, call);

            assertThat(images() - before).isEqualTo(1);
            if (outcome.count(201) == 2) {
                assertThat(outcome.first().bytes()).isEqualTo(outcome.second().bytes());
            } else {
                assertThat(outcome.count(201)).isEqualTo(1);
                assertThat(List.of(outcome.first().problem(), outcome.second().problem()))
                        .containsOnlyOnce("request-in-progress");
            }
        }
    }

    @Test
    void aSweepTakesNothingFromThoseAtWork() throws Exception {
        AtomicBoolean done = new AtomicBoolean();
        try (ExecutorService sweepers = Executors.newFixedThreadPool(2)) {
            List<Future<?>> sweeps = List.of(
                    sweepers.submit(() -> sweepUntil(done, service)), sweepers.submit(() -> sweepUntil(done, other)));
            try {
                String parent = sealed();
                for (int round = 0; round < ROUNDS; round++) {
                    String clone = fresh();
                    String imported = fresh();
                    Outcome made = race(round, cloning(parent, clone), importing(imported));
                    assertThat(made.count(201)).as("%s", made).isEqualTo(2);
                    Outcome removed = race(round, removing(clone), removing(imported));
                    for (Answer answer : List.of(removed.first(), removed.second())) {
                        if (answer.status() != 204) {
                            refused(answer, "image-in-use");
                        }
                    }
                }
            } finally {
                done.set(true);
            }
            for (Future<?> sweep : sweeps) {
                sweep.get();
            }
        }
    }

    private static void sweepUntil(AtomicBoolean done, TestService replica) {
        while (!done.get()) {
            replica.bean(Volume.class)
                    .sweep(
                            replica.bean(Settlement.class)::isThere,
                            replica.bean(Images.class)::exists,
                            replica.bean(Settlement.class)::isAwaited);
        }
    }

    private void oneHasTheName(Outcome outcome, String name, int success) {
        assertThat(outcome.count(success)).as("%s", outcome).isEqualTo(1);
        assertThat(List.of(outcome.first().problem(), outcome.second().problem()))
                .as("%s", outcome)
                .containsOnlyOnce("name-taken");
        assertThat(api.get("images/" + name).status()).isEqualTo(200);
    }

    private static void refused(Answer answer, String problem) {
        assertThat(answer.problem()).as("%s", answer).isEqualTo(problem);
    }

    /** Both calls at once, on a replica each; which gets which changes with the round. */
    private Outcome race(int round, Call first, Call second) throws Exception {
        TestService firsts = round % 2 == 0 ? service : other;
        TestService seconds = round % 2 == 0 ? other : service;
        int lag = random.nextInt(-LONGEST_LAG_MICROS, LONGEST_LAG_MICROS);
        CyclicBarrier start = new CyclicBarrier(2);
        try (ExecutorService callers = Executors.newFixedThreadPool(2)) {
            Future<Answer> one = callers.submit(() -> after(start, Math.max(0, lag), first, firsts.api()));
            Future<Answer> two = callers.submit(() -> after(start, Math.max(0, -lag), second, seconds.api()));
            return new Outcome(one.get(), two.get());
        }
    }

    private static Answer after(CyclicBarrier start, int lagMicros, Call call, ApiClient api) throws Exception {
        start.await();
        long begin = System.nanoTime();
        while (System.nanoTime() - begin < lagMicros * 1000L) {
            Thread.onSpinWait();
        }
        return call.apply(api);
    }

    private static Call cloning(String parent, String name) {
        return api -> api.postJson("images/" + parent + "/clones", "{\"name\": \"" + name + "\"}");
    }

    private static Call importing(String name) {
        return api -> api.upload("images?name=" + name, "application/octet-stream", new byte[64 << 10]);
    }

    private static Call removing(String image) {
        return api -> api.delete("images/" + image + "?purge=true");
    }

    private static Call unsealing(String image) {
        return api -> api.post("images/" + image + "/unseal");
    }

    private String fresh() {
        return "disk-" + ++names;
    }

    private String blank() {
        return api.postJson("images", "{\"name\": \"%s\", \"virtualSize\": \"1MiB\"}".formatted(fresh()))
                .json()
                .path("id")
                .asString();
    }

    private String sealed() {
        String id = blank();
        assertThat(api.post("images/" + id + "/seal").status()).isEqualTo(200);
        return id;
    }

    private long images() throws SQLException {
        try (var connection = database.connect();
                var statement = connection.createStatement();
                var count = statement.executeQuery("select count(*) from image")) {
            count.next();
            return count.getLong(1);
        }
    }
}
