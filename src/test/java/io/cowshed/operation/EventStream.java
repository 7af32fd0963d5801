package io.cowshed.operation;

import io.cowshed.testing.ApiClient;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads server-sent events, as the HTML standard, section 9.2, says. */
final class EventStream implements AutoCloseable {

    private static final JsonMapper JSON = new JsonMapper();

    /** One of them. */
    record Event(long id, String name, JsonNode data) {}

    private final BufferedReader lines;

    private EventStream(BufferedReader lines) {
        this.lines = lines;
    }

    static EventStream open(ApiClient api, Operation operation, String... headers) {
        String[] all = new String[headers.length + 2];
        all[0] = "Accept";
        all[1] = "text/event-stream";
        System.arraycopy(headers, 0, all, 2, headers.length);
        return new EventStream(new BufferedReader(new InputStreamReader(
                api.stream("operations/" + operation.id() + "/events", all), StandardCharsets.UTF_8)));
    }

    /** The next event, of which there must be one. */
    Event next() throws IOException {
        Event next = read();
        if (next == null) {
            throw new AssertionError("the stream has ended");
        }
        return next;
    }

    /** Whether it ends without another event. */
    boolean hasEnded() throws IOException {
        return read() == null;
    }

    private @Nullable Event read() throws IOException {
        long id = -1;
        String name = "";
        String data = "";
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.isEmpty() && !data.isEmpty()) {
                return new Event(id, name, JSON.readTree(data));
            } else if (line.startsWith("id: ")) {
                id = Long.parseLong(line.substring(4));
            } else if (line.startsWith("event: ")) {
                name = line.substring(7);
            } else if (line.startsWith("data: ")) {
                data = line.substring(6);
            }
        }
        return null;
    }

    @Override
    public void close() throws IOException {
        lines.close();
    }
}
