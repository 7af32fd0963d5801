package io.cowshed.notify;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** An HTTP server that is told how to answer, and remembers what it was sent. */
public final class Receiver implements AutoCloseable {

    private static final JsonMapper JSON = new JsonMapper();
    private static final long PATIENCE_SECONDS = 30;

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final BlockingQueue<Request> requests = new LinkedBlockingQueue<>();
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile Answer answer = exchange -> reply(exchange, 204, "");

    /** How it answers. */
    @FunctionalInterface
    interface Answer {
        void to(HttpExchange exchange) throws IOException;
    }

    /** What it was sent. */
    @SuppressWarnings("ArrayRecordComponent") // nobody compares requests
    public record Request(String path, Map<String, String> headers, byte[] body) {

        JsonNode json() {
            return JSON.readTree(body);
        }

        String header(String name) {
            return headers.getOrDefault(name, "");
        }

        /** The type of the event, without the prefix that CloudEvents asks for. */
        String type() {
            return json().path("type").asString().replace("io.cowshed.", "");
        }
    }

    public Receiver() {
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    int port() {
        return server.getAddress().getPort();
    }

    public String url() {
        return "http://127.0.0.1:" + port() + "/hook";
    }

    void answer(Answer newAnswer) {
        answer = newAnswer;
    }

    void answer(int status, String body) {
        answer = exchange -> reply(exchange, status, body);
    }

    /** Answers nothing until it is closed. */
    void hang() {
        answer = _ -> {
            try {
                closed.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        };
    }

    /** The next request, which soon comes. */
    public Request next() throws InterruptedException {
        Request request = requests.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (request == null) {
            throw new AssertionError("nothing was sent");
        }
        return request;
    }

    /** The next request of that kind, which soon comes; what comes before it is passed over. */
    public Request next(Predicate<Request> kind) throws InterruptedException {
        while (true) {
            Request request = next();
            if (kind.test(request)) {
                return request;
            }
        }
    }

    /** What has come and was not taken yet. */
    List<Request> rest() {
        List<Request> rest = new ArrayList<>();
        requests.drainTo(rest);
        return rest;
    }

    static void reply(HttpExchange exchange, int status, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] body = exchange.getRequestBody().readAllBytes();
            Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
            exchange.getRequestHeaders().forEach((name, values) -> headers.put(name, String.join(", ", values)));
            requests.add(new Request(exchange.getRequestURI().toString(), headers, body));
            answer.to(exchange);
        }
    }

    @Override
    public void close() {
        closed.countDown();
        server.stop(0);
        threads.shutdownNow();
    }
}
