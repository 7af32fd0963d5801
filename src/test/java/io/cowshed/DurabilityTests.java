package io.cowshed;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.ApiClient;
import io.cowshed.testing.ServiceProcess;
import io.cowshed.testing.SystemCalls;
import io.cowshed.testing.SystemCalls.Call;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * What is answered is on disk: the system calls of a service on its embedded database while it clones an image, removes
 * the clone, and makes several at once, come in the order that {@code docs/architecture.md} promises. Without {@code strace} this fails.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DurabilityTests {

    private static final String SENDS = "write,writev,sendto,sendmsg";
    private static final String SYNCS = "fsync,fdatasync";
    private static final String LINKS = "link,linkat";
    private static final String UNLINKS = "unlink,unlinkat";
    private static final String DATABASE_WRITES = "write,writev,pwrite64,pwritev";
    private static final String DATABASE = "/cowshed.mv.db>";

    private SystemCalls calls;
    private String volume;
    private String clone;
    private Call cloned;
    private Call removed;
    private List<String> many;
    private Call allCloned;

    @BeforeAll
    void traceAServiceAtWork(@TempDir Path directory) throws IOException {
        Path trace = directory.resolve("trace");
        String names = String.join(",", SENDS, SYNCS, LINKS, UNLINKS, "pwrite64", "pwritev");
        try (ServiceProcess service = ServiceProcess.start(directory, SystemCalls.strace(trace, names))) {
            ApiClient api = service.api();
            api.postJson("images", "{\"name\": \"base\", \"virtualSize\": \"1GiB\"}");
            assertThat(api.post("images/base/seal").status()).isEqualTo(200);
            ApiClient.Answer made = api.postJson("images/base/clones", "{\"name\": \"clone\"}");
            assertThat(made.status()).isEqualTo(201);
            clone = made.json().path("id").asString();
            assertThat(api.delete("images/clone?purge=true").status()).isEqualTo(204);
            ApiClient.Answer all = api.postJson("images/base/clones", "{\"namePrefix\": \"many-\", \"count\": 5}");
            assertThat(all.status()).isEqualTo(201);
            many = all.json()
                    .path("items")
                    .valueStream()
                    .map(item -> item.path("id").asString())
                    .toList();
        }
        calls = SystemCalls.read(trace);
        volume = directory.resolve("data/volume").toRealPath().toString();
        allCloned = calls.of(SENDS, "TCP", "HTTP/1.1 201").getLast();
        cloned = calls.of(SENDS, "TCP", "HTTP/1.1 201").reversed().get(1);
        removed = calls.of(SENDS, "TCP", "HTTP/1.1 204").getLast();
    }

    @Test
    void aCloneIsOnDiskBeforeItIsAnswered() {
        Call named = only(calls.of(LINKS, volume + "/images/" + clone + ".qcow2"));
        Call content = only(before(named, calls.of(SYNCS, volume + "/incoming/" + clone)));
        Call directory = firstAfter(named, calls.of(SYNCS, "<" + volume + "/images>"));
        Call rows = firstAfter(directory, calls.of(DATABASE_WRITES, DATABASE));
        Call database = firstAfter(rows, calls.of(SYNCS, DATABASE));

        inOrder(content, named, directory, rows, database, cloned);
    }

    @Test
    void clonesMadeAtOnceAreOnDiskBeforeTheyAreAnswered() {
        List<Call> named = many.stream()
                .map(id -> only(calls.of(LINKS, volume + "/images/" + id + ".qcow2")))
                .toList();
        List<Call> flushes = calls.of(SYNCS, "<" + volume + "/images>").stream()
                .filter(removed::isBefore)
                .toList();
        Call directory = only(flushes);
        Call rows = firstAfter(directory, calls.of(DATABASE_WRITES, DATABASE));
        Call database = firstAfter(rows, calls.of(SYNCS, DATABASE));

        for (int i = 0; i < many.size(); i++) {
            Call content = only(before(named.get(i), calls.of(SYNCS, volume + "/incoming/" + many.get(i))));
            inOrder(content, named.get(i), directory);
        }
        inOrder(directory, rows, database, allCloned);
    }

    @Test
    void aRemovalIsOnDiskBeforeItIsAnswered() {
        Call retired = only(calls.of(LINKS, volume + "/retired/" + clone));
        Call intent = firstAfter(retired, calls.of(SYNCS, "<" + volume + "/retired>"));
        Call rows = firstAfter(intent, calls.of(DATABASE_WRITES, DATABASE));
        Call database = firstAfter(rows, calls.of(SYNCS, DATABASE));
        Call unnamed = only(calls.of(UNLINKS, volume + "/images/" + clone + ".qcow2"));
        Call directory = firstAfter(unnamed, calls.of(SYNCS, "<" + volume + "/images>"));
        Call forgotten = only(calls.of(UNLINKS, volume + "/retired/" + clone));

        inOrder(cloned, retired, intent, rows, database, unnamed, directory, forgotten, removed);
    }

    private static Call only(List<Call> found) {
        assertThat(found).hasSize(1);
        return found.getFirst();
    }

    private static List<Call> before(Call later, List<Call> found) {
        return found.stream().filter(call -> call.isBefore(later)).toList();
    }

    private static Call firstAfter(Call earlier, List<Call> found) {
        return found.stream()
                .filter(earlier::isBefore)
                .findFirst()
                .orElseThrow(() -> new AssertionError("nothing of that kind after " + earlier));
    }

    private static void inOrder(Call... steps) {
        for (int step = 1; step < steps.length; step++) {
            assertThat(steps[step - 1]).matches(Call::succeeded, "succeeded");
            assertThat(steps[step - 1].isBefore(steps[step]))
                    .as("%s has ended before %s begins", steps[step - 1], steps[step])
                    .isTrue();
        }
    }
}
