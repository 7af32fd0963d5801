package io.cowshed.replicas;

import io.cowshed.testing.ApiClient;
import io.cowshed.testing.ApiClient.Answer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Repeats a call until it has an answer that says what became of it: a POST with its Idempotency-Key. */
final class Caller {

    /** Much longer than a key is leased, a dead replica not missed, or a new one awaited. */
    private static final Duration LONGEST = Duration.ofMinutes(4);

    private static final long PAUSE_NANOS = Duration.ofMillis(300).toNanos();

    /** Refusals that pass: nobody is there, another try is under way, or a replica that does nothing holds the file. */
    private static final Set<String> PASSING =
            Set.of("database-unavailable", "overloaded", "request-in-progress", "image-busy", "image-in-use");

    private static final JsonMapper JSON = new JsonMapper();

    private final ApiClient api;
    private final World world;

    Caller(ApiClient api, World world) {
        this.api = api.patient(Duration.ofSeconds(10));
        this.world = world;
    }

    /**
     * What became of a call.
     *
     * @param uncertain whether an earlier try may have had an effect: then a refusal may be due to that
     */
    record Outcome(Answer answer, boolean uncertain) {

        JsonNode json() {
            return answer.json();
        }

        Outcome require(int... statuses) {
            for (int status : statuses) {
                if (answer.status() == status) {
                    return this;
                }
            }
            throw new AssertionError("answered with " + answer);
        }
    }

    Outcome get(String path) {
        return repeat("GET " + path, () -> api.get(path));
    }

    /** @param json the body; empty for none */
    Outcome post(String path, String json, String... headers) {
        return json.isEmpty()
                ? postBody(path, BodyPublishers.noBody(), headers)
                : postBody(path, BodyPublishers.ofString(json), with(headers, "Content-Type", "application/json"));
    }

    Outcome upload(String path, byte[] body) {
        return postBody(path, BodyPublishers.ofByteArray(body), "Content-Type", "application/octet-stream");
    }

    private Outcome postBody(String path, BodyPublisher body, String... headers) {
        String[] sent = with(headers, "Idempotency-Key", UUID.randomUUID().toString());
        return repeat("POST " + path, () -> api.call("POST", path, body, sent));
    }

    private static String[] with(String[] headers, String name, String value) {
        return Stream.concat(Stream.of(headers), Stream.of(name, value)).toArray(String[]::new);
    }

    Outcome delete(String path, String... headers) {
        return repeat("DELETE " + path, () -> api.delete(path, headers));
    }

    /** Tries once, as a caller must who would not know whether it was he who changed what he finds. Null: nobody knows. */
    @Nullable
    Answer patchOnce(String path, String json, String etag) {
        try {
            Answer answer = api.patch(path, json, "If-Match", etag);
            return isDefinite(answer) ? answer : null;
        } catch (UncheckedIOException e) {
            return null;
        }
    }

    /** Follows an operation to its end by server-sent events, from where it was each time the stream breaks. */
    JsonNode follow(String operation) {
        long end = System.nanoTime() + LONGEST.toNanos();
        String last = "";
        while (System.nanoTime() < end) {
            String[] headers = last.isEmpty()
                    ? new String[] {"Accept", "text/event-stream"}
                    : new String[] {"Accept", "text/event-stream", "Last-Event-ID", last};
            String event = "";
            try (BufferedReader lines = new BufferedReader(new InputStreamReader(
                    api.stream("operations/" + operation + "/events", headers), StandardCharsets.UTF_8))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    if (line.startsWith("id: ")) {
                        long id = Long.parseLong(line.substring(4));
                        if (!last.isEmpty() && id < Long.parseLong(last)) {
                            throw new IllegalStateException("event " + id + " of " + operation + " follows " + last);
                        }
                        last = Long.toString(id);
                    } else if (line.startsWith("event: ")) {
                        event = line.substring(7);
                    } else if (line.startsWith("data: ") && event.equals("end")) {
                        return JSON.readTree(line.substring(6));
                    }
                }
            } catch (IOException | UncheckedIOException | AssertionError e) {
                // It comes back.
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
        throw new AssertionError("operation " + operation + " has no end after " + LONGEST);
    }

    /** Waits for the end of an operation by Prefer. */
    JsonNode await(String operation) {
        long end = System.nanoTime() + LONGEST.toNanos();
        while (System.nanoTime() < end) {
            JsonNode shown = repeat(
                            "GET operation " + operation, () -> api.get("operations/" + operation, "Prefer", "wait=5"))
                    .require(200)
                    .json();
            if (!shown.path("finishedAt").isNull()) {
                return shown;
            }
        }
        throw new AssertionError("operation " + operation + " has no end after " + LONGEST);
    }

    private Outcome repeat(String what, Supplier<Answer> call) {
        long end = System.nanoTime() + LONGEST.toNanos();
        boolean uncertain = false;
        Object last = "";
        world.calls.incrementAndGet();
        while (System.nanoTime() < end) {
            try {
                Answer answer = call.get();
                if (isDefinite(answer)) {
                    world.answered();
                    return new Outcome(answer, uncertain);
                }
                if (answer.status() >= 500) {
                    world.broken.incrementAndGet();
                }
                last = answer;
            } catch (UncheckedIOException e) {
                // One that takes too long may still be serving.
                if (!(e.getCause() instanceof HttpTimeoutException)) {
                    world.broken.incrementAndGet();
                }
                last = e;
            }
            uncertain = true;
            world.repeated.incrementAndGet();
            LockSupport.parkNanos(PAUSE_NANOS);
        }
        throw new AssertionError(what + " has no answer after " + LONGEST + " but " + last);
    }

    private static boolean isDefinite(Answer answer) {
        return answer.status() != 502 && !PASSING.contains(answer.problem());
    }
}
