package io.cowshed.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Calls the API over HTTP, as a stranger's program would. Paths are below {@code /api/v1} unless they begin with {@code /}. */
public final class ApiClient {

    private static final HttpClient HTTP =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private static final JsonMapper JSON = new JsonMapper();

    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final int port;
    private final String token;
    private final Duration patience;

    ApiClient(int port, String token) {
        this(port, token, PATIENCE);
    }

    private ApiClient(int port, String token, Duration patience) {
        this.port = port;
        this.token = token;
        this.patience = patience;
    }

    /** What came back. */
    @SuppressWarnings("ArrayRecordComponent") // nobody compares answers
    public record Answer(int status, Map<String, String> headers, byte[] bytes) {

        public JsonNode json() {
            return JSON.readTree(bytes);
        }

        /** A header, or the empty string. */
        public String header(String name) {
            return headers.getOrDefault(name.toLowerCase(Locale.ROOT), "");
        }

        /** The last word of the problem's type, or the empty string where the answer is no problem. */
        public String problem() {
            if (!header("Content-Type").startsWith("application/problem+json")) {
                return "";
            }
            return json().path("type").asString("").replace("urn:cowshed:problem:", "");
        }

        @Override
        public String toString() {
            return status + " " + headers + " "
                    + new String(bytes, 0, Math.min(bytes.length, 1000), StandardCharsets.UTF_8);
        }
    }

    /** The same caller, of a replica or a proxy on another port. */
    public ApiClient at(int otherPort) {
        return new ApiClient(otherPort, token, patience);
    }

    /** Another caller of the same service. */
    public ApiClient as(String otherToken) {
        return new ApiClient(port, otherToken, patience);
    }

    /** The same caller, who waits no longer than this for an answer to begin. */
    public ApiClient patient(Duration most) {
        return new ApiClient(port, token, most);
    }

    /** Of the service on the loopback interface. */
    public int port() {
        return port;
    }

    public Answer get(String path, String... headers) {
        return send(request(path, headers).GET());
    }

    public Answer head(String path, String... headers) {
        return send(request(path, headers).method("HEAD", BodyPublishers.noBody()));
    }

    public Answer delete(String path, String... headers) {
        return send(request(path, headers).DELETE());
    }

    public Answer post(String path, String... headers) {
        return send(request(path, headers).POST(BodyPublishers.noBody()));
    }

    public Answer postJson(String path, String json, String... headers) {
        return send(request(path, headers)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(json)));
    }

    public Answer patch(String path, String json, String... headers) {
        return send(request(path, headers)
                .header("Content-Type", "application/merge-patch+json")
                .method("PATCH", BodyPublishers.ofString(json)));
    }

    /** Streams a file as the body of a POST. */
    public Answer upload(String path, String contentType, Path file, String... headers) {
        try {
            return upload(path, contentType, BodyPublishers.ofFile(file), headers);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public Answer upload(String path, String contentType, byte[] body, String... headers) {
        return upload(path, contentType, BodyPublishers.ofByteArray(body), headers);
    }

    public Answer upload(String path, String contentType, BodyPublisher body, String... headers) {
        return send(request(path, headers).header("Content-Type", contentType).POST(body));
    }

    /** Any other call. */
    public Answer call(String method, String path, BodyPublisher body, String... headers) {
        return send(request(path, headers).method(method, body));
    }

    /** A download that is read as slowly as the caller likes; until it is closed the service is busy with it. */
    public InputStream stream(String path, String... headers) {
        try {
            HttpResponse<InputStream> response =
                    HTTP.send(request(path, headers).GET().build(), BodyHandlers.ofInputStream());
            if (response.statusCode() != 200) {
                throw new AssertionError(path + " was answered with " + response.statusCode());
            }
            return response.body();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private HttpRequest.Builder request(String path, String... headers) {
        String absolute = path.startsWith("/") ? path : "/api/v1/" + path;
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + absolute))
                .timeout(patience);
        if (headers.length > 0) {
            request.headers(headers);
        }
        if (!token.isEmpty()) {
            request.header("Authorization", "Bearer " + token);
        }
        return request;
    }

    private static Answer send(HttpRequest.Builder request) {
        try {
            HttpResponse<byte[]> response = HTTP.send(request.build(), BodyHandlers.ofByteArray());
            Map<String, String> headers = new HashMap<>();
            response.headers().map().forEach((name, values) -> headers.put(name, String.join(", ", values)));
            return new Answer(response.statusCode(), headers, response.body());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
