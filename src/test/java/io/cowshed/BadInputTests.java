package io.cowshed;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.ServiceTests;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What nobody should send. Each call is refused with its own problem, soon, and leaves nothing behind: the lists of images
 * in all states, the files on the volume and the names that are free are as they were.
 */
abstract class BadInputTests extends ServiceTests {

    static final byte[] NOTHING = new byte[0];

    private static final Duration MOST_TIME = Duration.ofSeconds(20);
    private static final List<String> DIRECTORIES = List.of("images", "incoming", "retired");

    private final AtomicInteger names = new AtomicInteger();

    /** A name that no image has. */
    final String freshName() {
        return "bad-" + names.incrementAndGet();
    }

    /**
     * Makes a call that must be refused.
     *
     * @param name that the call asks for, and which must be free afterwards; null where it is none
     */
    final Answer refuses(int status, String problem, @Nullable String name, Supplier<Answer> call) {
        Map<String, List<String>> before = everything();
        long start = System.nanoTime();
        Answer answer = call.get();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(MOST_TIME);
        requireProblem(answer, status, problem);
        assertThat(everything()).isEqualTo(before);
        if (name != null) {
            requireFree(name);
        }
        return answer;
    }

    final Answer refuses(int status, String problem, Supplier<Answer> call) {
        return refuses(status, problem, null, call);
    }

    static void requireProblem(Answer answer, int status, String problem) {
        assertThat(answer.problem()).as(answer.toString()).isEqualTo(problem);
        assertThat(answer.status()).isEqualTo(status);
        JsonNode json = answer.json();
        assertThat(json.path("status").asInt()).isEqualTo(status);
        assertThat(json.path("title").asString("")).isNotEmpty();
        assertThat(new String(answer.bytes(), StandardCharsets.UTF_8))
                .doesNotContain("\tat ", "Exception", "java.", "springframework", "tomcat");
    }

    /** The names of images in all states, and of files in all directories. */
    private Map<String, List<String>> everything() {
        Map<String, List<String>> all = new TreeMap<>();
        all.put(
                "rows",
                api.get("images?limit=1000&state=creating,available,trashed,error")
                        .json()
                        .path("items")
                        .valueStream()
                        .map(image -> image.path("name").asString() + " "
                                + image.path("state").asString())
                        .toList());
        for (String directory : DIRECTORIES) {
            all.put(directory, files(service.volume().resolve(directory)));
        }
        assertThat(all.get("images")).hasSameSizeAs(all.get("rows"));
        assertThat(all.get("incoming")).isEmpty();
        assertThat(all.get("retired")).isEmpty();
        return all;
    }

    private static List<String> files(Path directory) {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void requireFree(String name) {
        Answer made = api.postJson("images", "{\"name\": \"" + name + "\", \"virtualSize\": 512}");
        assertThat(made.status()).as(made.toString()).isEqualTo(201);
        assertThat(api.delete("images/" + name + "?purge=true").status()).isEqualTo(204);
    }
}
