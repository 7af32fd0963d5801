package io.cowshed;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_16;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.ApiClient.Answer;
import java.nio.charset.StandardCharsets;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Names, sizes, labels and JSON that are none. */
class JsonBadInputTests extends BadInputTests {

    private static final String PARENT = "parent";

    @BeforeAll
    void makeAParent() {
        create("{\"name\": \"" + PARENT + "\", \"virtualSize\": \"1MiB\"}");
        create("{\"name\": \"taken-2\", \"virtualSize\": \"1MiB\"}");
        create("{\"name\": \"leased\", \"virtualSize\": \"1MiB\", \"ttl\": \"PT8H\"}");
        assertThat(api.post("images/" + PARENT + "/seal").status()).isEqualTo(200);
    }

    private void create(String json) {
        assertThat(api.postJson("images", json).status()).isEqualTo(201);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"1e9\"",
                "1.5",
                "1.0",
                "1e3",
                "1e400",
                "\"20GB\"",
                "\"1,5GiB\"",
                "\"-1\"",
                "9223372036854775808",
                "99999999999999999999999999",
                "\"9223372036854775807\"",
                "9223372036854775807",
                "8796093022209",
                "-1",
                "0",
                "\"0\"",
                "\"\"",
                "null",
                "true",
                "[]",
                "[1]",
                "{}",
                "{\"bytes\": 5}",
                "\"\u0663\"",
                "\"1_000\""
            })
    void refusesASizeOf(String size) {
        String name = freshName();
        refuses(
                400,
                "invalid-request",
                name,
                () -> api.postJson("images", "{\"name\": \"" + name + "\", \"virtualSize\": " + size + "}"));
    }

    static Stream<String> badNames() {
        return Stream.of(
                "\"../x\"",
                "\"a/b\"",
                "\"a\\\\b\"",
                "\"a\\u0000b\"",
                "\"" + "a".repeat(129) + "\"",
                "\"" + "a".repeat(10 << 10) + "\"",
                "\"\"",
                "\"\u00e9\"",
                "\"\ud83d\udc04\"",
                "\"\\ud800\"",
                "\"01234567-89ab-cdef-0123-456789abcdef\"",
                "\"01234567-89AB-CDEF-0123-456789ABCDEF\"",
                "\".hidden\"",
                "\"-x\"",
                "\"x \"",
                "\" x\"",
                "\"x\\n\"",
                "\"x%2e\"",
                "\"a:b\"",
                "5",
                "1.5",
                "true",
                "null",
                "[]",
                "[\"x\"]",
                "{}");
    }

    @ParameterizedTest
    @MethodSource("badNames")
    void refusesANameOf(String name) {
        refuses(400, "invalid-request", () -> api.postJson("images", "{\"name\": " + name + ", \"virtualSize\": 512}"));
        refuses(
                400,
                "invalid-request",
                () -> api.postJson("images/" + PARENT + "/clones", "{\"name\": " + name + ", \"virtualSize\": null}"));
        refuses(400, "invalid-request", () -> api.patch("images/" + PARENT, "{\"name\": " + name + "}"));
    }

    static Stream<String> badFields() {
        return Stream.of(
                "\"labels\": 5",
                "\"labels\": []",
                "\"labels\": \"a=b\"",
                "\"labels\": {\"a\": null}",
                "\"labels\": {\"a\": 5}",
                "\"labels\": {\"a\": true}",
                "\"labels\": {\"a\": {}}",
                "\"labels\": {\"a\": []}",
                "\"labels\": {\"\": \"x\"}",
                "\"labels\": {\"-a\": \"x\"}",
                "\"labels\": {\"a b\": \"x\"}",
                "\"labels\": {\"a\": \"\u00e9\"}",
                "\"labels\": {\"a\": \"x\\u0000\"}",
                "\"labels\": {\"" + "k".repeat(64) + "\": \"x\"}",
                "\"labels\": {\"a\": \"" + "x".repeat(129) + "\"}",
                "\"labels\": {" + manyLabels(65) + "}",
                "\"ttl\": \"P\"",
                "\"ttl\": \"PT0S\"",
                "\"ttl\": \"-PT1H\"",
                "\"ttl\": \"P9999999D\"",
                "\"ttl\": \"PT99999999999999999999H\"",
                "\"ttl\": \"1h\"",
                "\"ttl\": \"\"",
                "\"ttl\": 5",
                "\"ttl\": 1.5",
                "\"ttl\": -1",
                "\"ttl\": true",
                "\"ttl\": []",
                "\"lifetime\": 0",
                "\"lifetime\": \"\"",
                "\"lifetime\": \"eternal\"",
                "\"lifetime\": \"disposable\"",
                "\"lifetime\": \"persistent\", \"ttl\": \"PT1H\"",
                "\"description\": 5",
                "\"description\": []",
                "\"description\": \"\\u0000\"",
                "\"description\": \"\\ud800\"",
                "\"description\": \"" + "x".repeat(2001) + "\"",
                "\"unknown\": 1",
                "\"Name\": \"x\"",
                "\"sealed\": true",
                "\"id\": \"01234567-89ab-cdef-0123-456789abcdef\"");
    }

    private static String manyLabels(int count) {
        return IntStream.range(0, count).mapToObj(i -> "\"k" + i + "\": \"v\"").collect(Collectors.joining(","));
    }

    @ParameterizedTest
    @MethodSource("badFields")
    void refusesTheField(String field) {
        String name = freshName();
        String start = "{\"name\": \"" + name + "\", ";
        refuses(
                400,
                "invalid-request",
                name,
                () -> api.postJson("images", start + "\"virtualSize\": 512, " + field + "}"));
        refuses(400, "invalid-request", name, () -> api.postJson("images/" + PARENT + "/clones", start + field + "}"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"name\": null}",
                "{\"labels\": 5}",
                "{\"labels\": null}",
                "{\"labels\": {\"a\": 5}}",
                "{\"labels\": {\"a\": {}}}",
                "{\"protected\": \"true\"}",
                "{\"protected\": null}",
                "{\"protected\": 1}",
                "{\"expiresAt\": \"x\"}",
                "{\"expiresAt\": null}",
                "{\"expiresAt\": 5}",
                "{\"sealed\": false}",
                "{\"expiresAt\": \"+999999999-12-31T23:59:59Z\"}",
                "{\"expiresAt\": \"-999999999-01-01T00:00:00Z\"}",
                "{\"description\": \"\\u0000\"}",
                "{\"description\": \"\\ud800\"}",
                "{\"unknown\": 1}"
            })
    void refusesThePatch(String patch) {
        refuses(400, "invalid-request", () -> api.patch("images/leased", patch));
    }

    @Test
    void refusesManyLabelsThatComeOneByOne() {
        assertThat(api.patch("images/leased", "{\"labels\": {" + manyLabels(64) + "}}")
                        .status())
                .isEqualTo(200);
        refuses(400, "invalid-request", () -> api.patch("images/leased", "{\"labels\": {\"more\": \"v\"}}"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"name\": \"c\", \"count\": 1}",
                "{\"name\": \"c\", \"namePrefix\": \"c\"}",
                "{\"count\": 2}",
                "{\"name\": \"c\", \"namePrefix\": \"c\", \"count\": 2}",
                "{\"namePrefix\": \"c\"}",
                "{\"namePrefix\": \"c\", \"count\": 0}",
                "{\"namePrefix\": \"c\", \"count\": -1}",
                "{\"namePrefix\": \"c\", \"count\": 1001}",
                "{\"namePrefix\": \"c\", \"count\": 1.5}",
                "{\"namePrefix\": \"c\", \"count\": \"3\"}",
                "{\"namePrefix\": \"c\", \"count\": null}",
                "{\"namePrefix\": \"c\", \"count\": true}",
                "{\"namePrefix\": \"c\", \"count\": 99999999999}",
                "{\"namePrefix\": \"../\", \"count\": 2}",
                "{\"namePrefix\": 5, \"count\": 2}",
                "{\"namePrefix\": \"01234567-89ab-cdef-0123-456789abcde\", \"count\": 2}",
                "{\"name\": \"c\", \"virtualSize\": 512}",
                "{\"name\": \"c\", \"virtualSize\": 0}",
                "{\"name\": \"c\", \"virtualSize\": \"9PiB\"}",
                "{\"name\": \"c\", \"virtualSize\": 8796093022209}",
                "{\"name\": \"c\", \"virtualSize\": 9223372036854775807}",
                "{\"name\": \"c\", \"virtualSize\": 1e9}"
            })
    void refusesClonesOf(String json) {
        refuses(400, "invalid-request", "c", () -> api.postJson("images/" + PARENT + "/clones", json));
    }

    @Test
    void refusesClonesAllOrNone() {
        String clones = "images/" + PARENT + "/clones";
        refuses(409, "name-taken", "taken-1", () -> api.postJson(clones, "{\"namePrefix\":\"taken-\",\"count\":3}"));
        refuses(409, "name-taken", () -> api.postJson(clones, "{\"name\": \"" + PARENT + "\"}"));
        String longPrefix = "p".repeat(127);
        refuses(
                400,
                "invalid-request",
                longPrefix + "1",
                () -> api.postJson(clones, "{\"namePrefix\": \"" + longPrefix + "\", \"count\": 10}"));
        refuses(404, "not-found", "c", () -> api.postJson("images/nobody/clones", "{\"name\": \"c\"}"));
        refuses(409, "image-not-sealed", "c", () -> api.postJson("images/taken-2/clones", "{\"name\": \"c\"}"));
    }

    static Stream<byte[]> notJson() {
        String good = "{\"name\": \"bad-json\", \"virtualSize\": 512}";
        return Stream.of(
                NOTHING,
                bytes("null"),
                bytes("[]"),
                bytes("5"),
                bytes("\"x\""),
                bytes("true"),
                bytes("{"),
                bytes("{\"name\""),
                bytes(good + " x"),
                bytes(good + good),
                bytes(good + "\0"),
                bytes(good + "// comment"),
                bytes("/* comment */" + good),
                bytes(good.replace("}", ",}")),
                bytes(good.replace('"', '\'')),
                bytes(good.replace("512", "0x200")),
                bytes(good.replace("512", "NaN")),
                bytes(good.replace("512", "1".repeat(100_000))),
                bytes(good.replace("{", "{\"name\": \"other\", ")),
                bytes(good.replace("}", ", \"labels\": {\"a\": \"1\", \"a\": \"2\"}}")),
                bytes("{\"" + "k".repeat(100_000) + "\": 1}"),
                bytes("[".repeat(100_000)),
                bytes("{\"a\":".repeat(100_000)),
                new byte[100],
                good.getBytes(UTF_16),
                good.getBytes(UTF_16LE),
                good.replace("bad", "\u00ff\u00fe").getBytes(ISO_8859_1),
                good.replace("}", ", \"description\": \"\u00c0\u00af\"}").getBytes(ISO_8859_1),
                good.replace("}", ", \"description\": \"\u00ed\u00a0\u0080\"}").getBytes(ISO_8859_1));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @MethodSource("notJson")
    void refusesWhatIsNotTheJsonOfACall(byte[] body) {
        refuses(400, "malformed-body", "bad-json", () -> api.upload("images", "application/json", body));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "null",
                "[]",
                "5",
                "{\"description\": \"a\"} x",
                "{\"description\": \"a\", \"description\": \"b\"}",
                "{\"labels\": {\"a\": \"1\", \"a\": \"2\"}}"
            })
    void refusesWhatIsNotAPatch(String patch) {
        refuses(400, "malformed-body", () -> api.patch("images/leased", patch));
    }

    @Test
    void refusesDeepAndLongPatches() {
        refuses(400, "malformed-body", () -> api.patch("images/leased", "[".repeat(100_000)));
        refuses(400, "malformed-body", () -> api.patch("images/leased", "{\"labels\":".repeat(100_000)));
        refuses(413, "too-large", () -> api.patch("images/leased", " ".repeat(2 << 20)));
    }

    @Test
    void refusesJsonOfMegabytes() {
        String name = freshName();
        String json =
                "{\"name\": \"" + name + "\", \"virtualSize\": 512, \"description\": \"" + "x".repeat(2 << 20) + "\"}";
        refuses(413, "too-large", name, () -> api.postJson("images", json));
        refuses(
                413,
                "too-large",
                name,
                () -> service.send(
                        "POST",
                        "/api/v1/images",
                        NOTHING,
                        "Content-Type: application/json",
                        "Content-Length: " + (1L << 62)));
    }

    /** RFC 8259, section 8.1, lets readers ignore it. */
    @Test
    void takesJsonWithAByteOrderMark() {
        String name = freshName();
        Answer made = api.postJson("images", "\ufeff{\"name\": \"" + name + "\", \"virtualSize\": 512}");
        assertThat(made.status()).isEqualTo(201);
        assertThat(api.delete("images/" + name + "?purge=true").status()).isEqualTo(204);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"name\": \"t\"}",
                "{\"name\": 5, \"role\": \"reader\"}",
                "{\"name\": \"a b\", \"role\": \"reader\"}",
                "{\"name\": \"t\", \"role\": 0}",
                "{\"name\": \"t\", \"role\": \"root\"}",
                "{\"name\": \"t\", \"role\": \"reader\", \"expiresAt\": \"2001-01-01T00:00:00Z\"}",
                "{\"name\": \"t\", \"role\": \"reader\", \"expiresAt\": \"+999999999-12-31T23:59:59Z\"}",
                "{\"name\": \"t\", \"role\": \"reader\", \"expiresAt\": 5}"
            })
    void refusesATokenOf(String json) {
        long before = api.get("tokens").json().path("items").size();
        refuses(400, "invalid-request", () -> api.postJson("tokens", json));
        assertThat(api.get("tokens").json().path("items").size()).isEqualTo(before);
    }
}
