package io.cowshed.audit;

import static io.cowshed.testing.VerbChains.succeed;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.ApiClient;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.ServiceTests;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.TestService;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * Audits beside others' work on two replicas: what is only on its way is never taken for wrong, and audits refuse nothing to
 * anybody. {@code -Dcowshed.audits=50} sets how many audits there are.
 */
abstract class AuditLoadTests extends ServiceTests {

    private static final int AUDITS = Integer.getInteger("cowshed.audits", 4);
    private static final int MOST_AUDITS = 200;
    private static final long SEED = Long.getLong("cowshed.seed", 20261129L);
    private static final int CALLERS = 4;

    /** What those who work at the same images refuse each other. */
    private static final Set<Integer> EXPECTED = Set.of(200, 201, 202, 204, 404, 409);

    private static final Set<String> WORK = Set.of("clone", "import", "snapshot", "remove");

    private final Set<String> kinds = new ConcurrentSkipListSet<>();
    private final AtomicInteger names = new AtomicInteger();
    private volatile boolean over;

    @Override
    protected String[] properties() {
        // A file that is just being made is nobody's for a moment: its maker locks it when it is there.
        return new String[] {"cowshed.audits.spare=PT5S"};
    }

    @Test
    void nothingFalseIsReported(@TempDir Path data) throws Exception {
        System.out.println("seed " + SEED);
        succeed(api.upload("images?name=base", "application/octet-stream", random(1 << 20, new Random(SEED))));
        succeed(api.post("images/base/seal", "Prefer", "wait=30"));
        List<String> wrong = new ArrayList<>();
        try (TestService other = service.another(database, data, properties());
                ExecutorService threads = Executors.newFixedThreadPool(CALLERS)) {
            List<Future<?>> callers = new ArrayList<>();
            for (int i = 0; i < CALLERS; i++) {
                Random random = new Random(SEED + i);
                ApiClient called = i % 2 == 0 ? api : other.api();
                callers.add(threads.submit(() -> work(called, random)));
            }
            // Until each kind of work was done beside one; how soon that is depends on the machine.
            for (int i = 0; i < AUDITS || (i < MOST_AUDITS && !kinds.containsAll(WORK)); i++) {
                JsonNode audit =
                        audit(i % 2 == 0 ? "{\"verifyDigests\": true}" : "{\"mend\": \"safe\", \"quarantine\": true}");
                if (!audit.path("result").path("clean").asBoolean()) {
                    wrong.add(audit + " " + findings(audit));
                }
            }
            over = true;
            for (Future<?> caller : callers) {
                caller.get();
            }
        }
        assertThat(wrong).isEmpty();
        assertThat(kinds).containsAll(WORK);

        JsonNode last = audit("{\"verifyDigests\": true}");
        assertThat(last.path("result").path("clean").asBoolean())
                .as(() -> findings(last).toString())
                .isTrue();
        assertThat(last.path("result").path("skipped").asLong()).isZero();
    }

    private void work(ApiClient called, Random random) {
        List<String> own = new ArrayList<>();
        while (!over) {
            String name = "i-" + names.incrementAndGet();
            int choice = own.isEmpty() ? random.nextInt(2) : random.nextInt(9);
            String image = own.isEmpty() ? "" : own.get(random.nextInt(own.size()));
            switch (choice) {
                case 0 -> {
                    done("clone", called.postJson("images/base/clones", "{\"name\": \"" + name + "\"}"));
                    own.add(name);
                }
                case 1 -> {
                    byte[] disk = random(300_000 / 512 * 512, random);
                    done("import", called.upload("images?name=" + name, "application/octet-stream", disk));
                    own.add(name);
                }
                case 2 -> done("seal", called.post("images/" + image + "/seal", "Prefer", "wait=10"));
                case 3 -> done("unseal", called.post("images/" + image + "/unseal"));
                case 4 -> done("split", called.post("images/" + image + "/split", "Prefer", "wait=10"));
                case 5 ->
                    done(
                            "snapshot",
                            called.postJson(
                                    "images/" + image + "/snapshot",
                                    "{\"name\": \"s-" + name + "\"}",
                                    "Prefer",
                                    "wait=10"));
                case 6 ->
                    done(
                            "seed",
                            called.call(
                                    "PUT",
                                    "images/" + image + "/seed",
                                    BodyPublishers.ofString("{\"userData\": \"#cloud-config\\n\"}"),
                                    "Content-Type",
                                    "application/json"));
                case 7 -> done("reset", called.post("images/" + image + "/reset", "Prefer", "wait=10"));
                default -> done("remove", called.delete("images/" + image + "?purge=" + random.nextBoolean()));
            }
        }
    }

    private void done(String kind, Answer answer) {
        assertThat(EXPECTED).as("%s: %s", kind, answer).contains(answer.status());
        if (answer.status() < 300) {
            kinds.add(kind);
        }
    }

    private JsonNode audit(String request) {
        JsonNode audit = succeed(api.postJson("volume/audits", request, "Prefer", "wait=60"))
                .json();
        assertThat(audit.path("state").asString()).as("%s", audit).isEqualTo("succeeded");
        return audit;
    }

    private JsonNode findings(JsonNode audit) {
        return succeed(api.get("volume/audits/" + audit.path("id").asString() + "/findings"))
                .json()
                .path("items");
    }

    private static byte[] random(int length, Random random) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }
}

class H2AuditLoadTests extends AuditLoadTests {}

class PostgresqlAuditLoadTests extends AuditLoadTests {
    @Override
    protected TestDatabase.Kind databaseKind() {
        return TestDatabase.Kind.POSTGRESQL;
    }
}
