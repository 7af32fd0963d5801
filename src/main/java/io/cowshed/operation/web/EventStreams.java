package io.cowshed.operation.web;

import io.cowshed.operation.Operation;
import io.cowshed.operation.Operations;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.context.SmartLifecycle;
import org.springframework.http.MediaType;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/**
 * Sends what becomes of an operation as server-sent events (HTML standard, section 9.2). Each stream looks at the row by
 * itself, so that any replica can serve it; the request's virtual thread costs nothing between two looks.
 */
@Component
class EventStreams implements SmartLifecycle {

    private static final Duration LOOK = Duration.ofMillis(500);

    /** After so long without an event a comment is sent: proxies close what they take for dead. */
    private static final Duration SILENCE = Duration.ofSeconds(15);

    private final Operations operations;
    private final OperationViews views;
    private final JsonMapper json;
    private volatile boolean running;

    EventStreams(Operations operations, OperationViews views, JsonMapper json) {
        this.operations = operations;
        this.views = views;
        this.json = json;
    }

    @Override
    public void start() {
        running = true;
    }

    /** Ends all streams; their clients come back to another replica. */
    @Override
    public void stop() {
        running = false;
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    /** Sends events until the operation is over, the client goes away or this replica stops. */
    void send(Operation found, @Nullable String lastEventId, HttpServletResponse response) throws IOException {
        response.setContentType(MediaType.TEXT_EVENT_STREAM_VALUE);
        response.setCharacterEncoding(StandardCharsets.UTF_8);
        response.setHeader("Cache-Control", "no-store");
        response.setHeader("X-Accel-Buffering", "no");
        PrintWriter writer = response.getWriter();
        Operation operation = found;
        long last = version(lastEventId);
        long sentNanos = System.nanoTime();
        while (running) {
            boolean over = operation.state().isOver();
            if (operation.version() > last || over) {
                last = operation.version();
                writer.write("id: " + last + "\nevent: " + (over ? "end" : "progress") + "\ndata: "
                        + json.writeValueAsString(views.of(operation)) + "\n\n");
                sentNanos = System.nanoTime();
            } else if (System.nanoTime() - sentNanos > SILENCE.toNanos()) {
                writer.write(": still here\n\n");
                sentNanos = System.nanoTime();
            }
            // It tells of a client that has gone, too.
            if (writer.checkError() || over || !isRested()) {
                return;
            }
            operation = operations.find(operation.id());
        }
    }

    /** What is not one of ours is like none. */
    private static long version(@Nullable String lastEventId) {
        return lastEventId != null && lastEventId.matches("\\d{1,18}") ? Long.parseLong(lastEventId) : -1;
    }

    private static boolean isRested() {
        try {
            TimeUnit.MILLISECONDS.sleep(LOOK.toMillis());
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
