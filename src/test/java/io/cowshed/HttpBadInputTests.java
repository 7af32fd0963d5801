package io.cowshed;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.RawHttp;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that are no good HTTP, or good HTTP that no call of the API is. */
class HttpBadInputTests extends BadInputTests {

    private static final String IMAGES = "/api/v1/images";

    @BeforeAll
    void makeImages() {
        for (String name : new String[] {"base", "other"}) {
            assertThat(api.upload("images?name=" + name, "application/octet-stream", new byte[4096])
                            .status())
                    .isEqualTo(201);
        }
        assertThat(api.post("images/base/seal").status()).isEqualTo(200);
    }

    private Answer send(String method, String target, String... headers) {
        return service.send(method, target, NOTHING, headers);
    }

    @ParameterizedTest
    @CsvSource({
        "PUT, /images, 405, method-not-allowed",
        "PUT, /images/base, 405, method-not-allowed",
        "DELETE, /images, 405, method-not-allowed",
        "PATCH, /images, 405, method-not-allowed",
        "GET, /images/base/seal, 405, method-not-allowed",
        "TRACE, /images, 405, method-not-allowed",
        "TRACE, /images/base, 405, method-not-allowed",
        "FOO, /images, 400, invalid-request",
        "get, /images, 400, invalid-request",
        "PROPFIND, /images/base, 400, invalid-request",
        "CONNECT, /images, 400, invalid-request"
    })
    void refusesTheMethod(String method, String path, int status, String problem) {
        Answer answer = refuses(status, problem, () -> send(method, "/api/v1" + path));
        if (status == 405) {
            assertThat(answer.header("Allow")).isNotEmpty();
        }
    }

    static Stream<String> badTargets() {
        return Stream.of(
                "///",
                "//api/v1/images",
                "/api//v1/images",
                "/api/v1/./images",
                "/api/v1/../v1/images",
                "/api/v1/%2e%2e/v1/images",
                "/api/v1/%2E/images",
                "/../../etc/passwd",
                "/api/v1/images;x=y",
                "/api/v1/images/base;x=y",
                "/api/v1/images/base%3Bx",
                "/api/v1/images/a%2fb",
                "/api/v1/images/a%252fb",
                "/api/v1/images/a%5cb",
                "/api/v1/images/a\\b",
                "/api/v1/images/%00",
                "/api/v1/images/a%00b",
                "/api/v1/images/a%0d%0aX-Bad:%20y",
                "/api/v1/images/%zz",
                "/api/v1/images/%",
                "/api/v1/images/%ff%fe",
                "/api/v1/images/%c3%a9",
                "/api/v1/images/\u00c3\u00a9",
                "/api/v1/images/%f0%9f%90%84",
                "/api/v1/images/.hidden",
                "/api/v1/images/base%20",
                "/api/v1/images/%20base",
                "/api/v1/images/a|b",
                "/api/v1/images/{a}",
                "/api/v1/images/<a>",
                "/api/v1/images/\"a\"",
                "/api/v1/images/[a]",
                "/api/v1/images/^`",
                "/api/v1/images/" + "a".repeat(129),
                "/api/v1/images/" + "a".repeat(5_000),
                "/api/v1/images/" + "a".repeat(100_000),
                "/api/v1/images?q=%zz",
                "/api/v1/images?q=%ff",
                "/api/v1/images?q=%00",
                "/api/v1/images?q=" + "a".repeat(201),
                "/api/v1/images?q={",
                "/api/v1/images?limit=abc",
                "/api/v1/images?limit=0",
                "/api/v1/images?limit=-1",
                "/api/v1/images?limit=1001",
                "/api/v1/images?limit=99999999999",
                "/api/v1/images?cursor=abc",
                "/api/v1/images?cursor=%00",
                "/api/v1/images?cursor=" + "A".repeat(600),
                "/api/v1/images?sort=size",
                "/api/v1/images?state=gone",
                "/api/v1/images?sealed=maybe",
                "/api/v1/images?lifetime=x",
                "/api/v1/images?label=a=b=c",
                "/api/v1/images?label=,",
                "/api/v1/images?label=%00",
                "/api/v1/images?label="
                        + IntStream.range(0, 20).mapToObj(i -> "k" + i).collect(Collectors.joining(",")),
                "/api/v1/images?parent=../x",
                "/api/v1/attachments?holder=%00",
                "/api/v1/operations?kind=%00",
                "/api/v1/hooks/01234567-89ab-cdef-0123-456789abcdef/deliveries?job=%00",
                "/api/v1/images/base/lineage?limit=-1",
                "/api/v1/images/base/lineage?limit=x",
                "/api/v1/images/base/content?format=qcow2",
                "/api/v1/images/base/extents?start=-1",
                "/api/v1/images/base/extents?start=4097",
                "/api/v1/images/base/extents?start=x",
                "/api/v1/images/base/extents?length=-1",
                "/api/v1/images/base/extents?start=9223372036854775807&length=9223372036854775807",
                "http://elsewhere/api/v1/images/a b",
                "http://[::1/api/v1/images",
                "images");
    }

    @ParameterizedTest
    @MethodSource("badTargets")
    void refusesTheTarget(String target) {
        refuses(400, "invalid-request", () -> send("GET", target));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/api/v1/images/",
                "/api/v1/images/base/",
                "/api/v1/images/nobody",
                "/api/v1/images/01234567-89ab-cdef-0123-456789abcdef",
                "/api/v1/images/base/nothing",
                "/api/v1/nothing",
                "/api/v2/images",
                "/api/v1/images?parent=nobody",
                "/error",
                "/actuator/env",
                "/actuator/heapdump",
                "/WEB-INF/web.xml",
                "/application.yaml",
                "/swagger-ui/application.yaml"
            })
    void findsNothingAt(String target) {
        refuses(404, "not-found", () -> send("GET", target));
    }

    @ParameterizedTest
    @ValueSource(strings = {"image/png", "text/html", "application/xml", "text/plain;q=0.5", "garbage", "*/*;q=x"})
    void refusesToAnswerInAnotherFormatBeforeAnythingIsDone(String accept) {
        String name = freshName();
        String header = "Accept: " + accept;
        String json = "{\"name\": \"" + name + "\", \"virtualSize\": 512}";
        String clone = "{\"name\": \"" + name + "\"}";
        byte[] disk = new byte[512];
        refuses(406, "not-acceptable", () -> send("GET", IMAGES, header));
        refuses(
                406,
                "not-acceptable",
                name,
                () -> sendBody("POST", IMAGES, json.getBytes(UTF_8), "application/json", header));
        refuses(
                406,
                "not-acceptable",
                name,
                () -> sendBody("POST", IMAGES + "?name=" + name, disk, "application/octet-stream", header));
        refuses(
                406,
                "not-acceptable",
                name,
                () -> sendBody("POST", IMAGES + "/base/clones", clone.getBytes(UTF_8), "application/json", header));
        refuses(406, "not-acceptable", () -> send("POST", IMAGES + "/other/seal", header));
        refuses(
                406,
                "not-acceptable",
                () -> sendBody(
                        "PATCH",
                        IMAGES + "/other",
                        "{\"description\": \"x\"}".getBytes(UTF_8),
                        "application/json",
                        header));
        String token = "{\"name\": \"t\", \"role\": \"reader\"}";
        long tokens = api.get("tokens").json().path("items").size();
        refuses(
                406,
                "not-acceptable",
                () -> sendBody("POST", "/api/v1/tokens", token.getBytes(UTF_8), "application/json", header));
        assertThat(api.get("tokens").json().path("items").size()).isEqualTo(tokens);
        assertThat(api.get("images/other").json().path("sealed").asBoolean()).isFalse();
        assertThat(api.get("images/other").json().path("description").asString())
                .isEmpty();
    }

    private Answer sendBody(String method, String target, byte[] body, String type, String... more) {
        String[] headers = Stream.concat(
                        Stream.of("Content-Type: " + type, "Content-Length: " + body.length), Stream.of(more))
                .toArray(String[]::new);
        return service.send(method, target, body, headers);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "text/plain",
                "text/json",
                "application/x-www-form-urlencoded",
                "multipart/form-data",
                "multipart/form-data; boundary=x",
                "multipart/mixed; boundary=x",
                "application/vnd.cowshed+json",
                "application/merge-patch+json",
                "application/json;charset=no-such",
                "application/json, text/plain",
                "application/*",
                "*/*",
                "garbage"
            })
    void refusesTheContentType(String type) {
        String name = freshName();
        byte[] body = ("{\"name\": \"" + name + "\", \"virtualSize\": 512}").getBytes(UTF_8);
        refuses(415, "unsupported-media-type", name, () -> sendBody("POST", IMAGES + "?name=" + name, body, type));
    }

    @Test
    void refusesABodyOfNoType() {
        String name = freshName();
        refuses(
                400,
                "invalid-request",
                name,
                () -> service.send("POST", IMAGES + "?name=" + name, new byte[512], "Content-Length: 512"));
        refuses(400, "invalid-request", name, () -> sendBody("POST", IMAGES + "?name=" + name, new byte[512], ""));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "x",
                "\"x\"",
                "\"99\"",
                "W/\"0\"",
                "\"99999999999999999999\"",
                "\"0-zzzz\"",
                "\"\"",
                "\"98\", \"99\""
            })
    void refusesToChangeWhatIsNotAsItWasSeen(String tag) {
        refuses(
                412,
                "precondition-failed",
                () -> sendBody(
                        "PATCH",
                        IMAGES + "/other",
                        "{\"description\": \"x\"}".getBytes(UTF_8),
                        "application/json",
                        "If-Match: " + tag));
        refuses(412, "precondition-failed", () -> send("DELETE", IMAGES + "/other", "If-Match: " + tag));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "bytes=4096-",
                "bytes=5000-6000",
                "bytes=9223372036854775807-",
                "bytes=9999999999999999999-",
                "bytes=-0"
            })
    void refusesARangeBehindTheEnd(String range) {
        Answer answer =
                refuses(416, "range-not-satisfiable", () -> send("GET", IMAGES + "/other/content", "Range: " + range));
        assertThat(answer.header("Content-Range")).isEqualTo("bytes */4096");
    }

    /** RFC 9110, section 14.2: what is not understood is ignored. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "garbage",
                "bytes=",
                "bytes=-",
                "bytes=x-y",
                "bytes=5-2",
                "bytes=0-1,5-6",
                "lines=0-1",
                "bytes=--5"
            })
    void answersARangeThatIsNoneWithTheWholeDisk(String range) {
        Answer answer = send("GET", IMAGES + "/other/content", "Range: " + range);
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.bytes()).hasSize(4096).containsOnly(0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"garbage", "\"", "W/", "\"a\", garbage", "\"\"\"\"\""})
    void anIfNoneMatchThatIsNoneMatchesNothing(String tag) {
        for (String path : new String[] {"/other", "/other/content"}) {
            assertThat(send("GET", IMAGES + path, "If-None-Match: " + tag).status())
                    .isEqualTo(200);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"//", "//api/v1/images", "///", "/api//v1/images"})
    void refusesAPathWithAnEmptySegment(String path) {
        refuses(400, "invalid-request", () -> send("GET", path));
    }

    static Stream<String> badRequests() {
        String host = "Host: 127.0.0.1\r\nConnection: close\r\n";
        return Stream.of(
                "GARBAGE\r\n\r\n",
                "GET\r\n\r\n",
                "GET / HTTP/9.9\r\n" + host + "\r\n",
                "GET / HTTP/1.1\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
                "GET / HTTP/1.1\r\n" + host + "Bad Header: y\r\n\r\n",
                "GET / HTTP/1.1\r\n" + host + "no colon\r\n\r\n",
                "GET / HTTP/1.1\r\n" + host + "X: a\0b\r\n\r\n",
                "GET /\0 HTTP/1.1\r\n" + host + "\r\n",
                "GET / HTTP/1.1\r\n" + host + "X: " + "a".repeat(100_000) + "\r\n\r\n",
                "GET / HTTP/1.1\r\n" + host + "X: y\r\n".repeat(2_000) + "\r\n",
                "GET /" + "a".repeat(100_000) + " HTTP/1.1\r\n" + host + "\r\n",
                "A".repeat(200_000),
                "\u0016\u0003\u0001\u0002\0\u0001\0\u0001" + "x".repeat(100) + "\r\n\r\n",
                "POST / HTTP/1.1\r\n" + host + "Content-Length: -5\r\n\r\nhello",
                "POST / HTTP/1.1\r\n" + host + "Content-Length: +5\r\n\r\nhello",
                "POST / HTTP/1.1\r\n" + host + "Content-Length: x\r\n\r\nhello",
                "POST / HTTP/1.1\r\n" + host + "Content-Length: 99999999999999999999\r\n\r\nhello",
                "POST / HTTP/1.1\r\n" + host + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
                "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: identity\r\n\r\nhello",
                "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
                "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: no-such\r\n\r\nhello");
    }

    @ParameterizedTest
    @MethodSource("badRequests")
    void refusesTheRequest(String request) {
        refuses(400, "invalid-request", () -> RawHttp.exchange(service.port(), request.getBytes(US_ASCII)));
    }

    @Test
    void readsNoFormOfAStranger() throws IOException {
        byte[] piece = new byte[1 << 20];
        String head = "PATCH /api/v1/images/base HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
                + "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: " + (1L << 40) + "\r\n\r\n";
        int sent = 0;
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), service.port())) {
            OutputStream out = socket.getOutputStream();
            out.write(head.getBytes(US_ASCII));
            for (; sent < 200; sent++) {
                out.write(piece);
            }
        } catch (SocketException _) {
            // The service has closed the connection.
        }
        assertThat(sent).as("megabytes taken of an endless form").isLessThan(50);
    }

    @Test
    void asksForATokenBeforeAnythingElse() {
        for (String type : new String[] {"application/json", "application/octet-stream", "multipart/form-data"}) {
            Answer answer = service.as("")
                    .call("POST", "images?name=x", BodyPublishers.ofByteArray(new byte[10]), "Content-Type", type);
            requireProblem(answer, 401, "unauthenticated");
        }
        for (String token : new String[] {"x", "cow_" + "a".repeat(5_000), "\"", "a=b"}) {
            requireProblem(RawHttp.send(service.port(), token, "GET", IMAGES, NOTHING), 401, "unauthenticated");
        }
    }
}
