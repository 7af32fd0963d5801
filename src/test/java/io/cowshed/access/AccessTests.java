package io.cowshed.access;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.ApiClient;
import io.cowshed.testing.ServiceTests;
import io.cowshed.testing.TestService;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

class AccessTests extends ServiceTests {

    @ParameterizedTest
    @ValueSource(strings = {"/actuator/health", "/v3/api-docs", "/v3/api-docs.yaml", "/swagger-ui/index.html"})
    void letsAnybodySeeHealthAndDocumentation(String path) {
        assertThat(service.as("").get(path).status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"images", "images/x", "tokens", "/actuator", "/actuator/env", "/no-such-path", "/"})
    void letsNobodyElseInWithoutAToken(String path) {
        ApiClient.Answer answer = service.as("").get(path);

        assertThat(answer.status()).isEqualTo(401);
        assertThat(answer.problem()).isEqualTo("unauthenticated");
        assertThat(answer.header("WWW-Authenticate")).startsWith("Bearer");
        assertThat(answer.json().path("action").asString()).contains("admin-token");
    }

    @Test
    void refusesTokensThatAreNotOurs() {
        String known = newToken("reader").path("secret").asString();
        String otherSecret = known.substring(0, known.length() - 4) + "AAAA";
        String otherId = "cow_" + UUID.randomUUID().toString().replace("-", "") + known.substring(36);

        assertThat(service.as(known).get("images").status()).isEqualTo(200);
        for (String token : new String[] {otherSecret, otherId, "cow_", "x", known + "x", "0".repeat(5000)}) {
            assertThat(service.as(token).get("images").status()).as(token).isEqualTo(401);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "reader,   GET,    images,   200",
        "reader,   DELETE, images/x, 403",
        "reader,   POST,   tokens,   403",
        "reader,   GET,    tokens,   403",
        "operator, GET,    images,   200",
        "operator, DELETE, images/x, 404",
        "operator, GET,    tokens,   403",
        "admin,    DELETE, images/x, 404",
        "admin,    GET,    tokens,   200"
    })
    void rolesAllowWhatTheyAreFor(String role, String method, String path, int status) {
        ApiClient caller = service.as(newToken(role).path("secret").asString());

        ApiClient.Answer answer = caller.call(method, path, BodyPublishers.noBody());

        assertThat(answer.status()).isEqualTo(status);
        if (status == 403) {
            assertThat(answer.problem()).isEqualTo("forbidden");
        }
    }

    @Test
    void aTokenShowsItsSecretOnceAndKeepsOnlyItsHash() throws Exception {
        JsonNode made = newToken("operator");
        String secret = made.path("secret").asString();

        assertThat(api.get("tokens").json().toString())
                .contains(made.path("id").asString())
                .doesNotContain(secret);
        try (var connection = database.connect();
                var statement = connection.createStatement();
                var rows = statement.executeQuery("select * from access_token")) {
            while (rows.next()) {
                for (int column = 1; column <= rows.getMetaData().getColumnCount(); column++) {
                    assertThat(String.valueOf(rows.getObject(column))).doesNotContain(secret.substring(37));
                }
            }
        }
    }

    @Test
    void aRevokedTokenStopsWorkingAtOnce() {
        JsonNode made = newToken("reader");
        ApiClient holder = service.as(made.path("secret").asString());
        String path = "tokens/" + made.path("id").asString();
        assertThat(holder.get("images").status()).isEqualTo(200);

        assertThat(api.delete(path).status()).isEqualTo(204);

        assertThat(holder.get("images").status()).isEqualTo(401);
        assertThat(api.delete(path).problem()).isEqualTo("not-found");
        assertThat(api.get("tokens").json().toString())
                .doesNotContain(made.path("id").asString());
    }

    @Test
    void anExpiredTokenDoesNotWork() {
        Instant past = Instant.now().minus(Duration.ofSeconds(1));
        String secret = service.bean(AccessTokens.class)
                .create("late", Role.READER, past, "test")
                .secret();

        assertThat(service.as(secret).get("images").status()).isEqualTo(401);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"name\": \"a\"}",
                "{\"role\": \"reader\"}",
                "{\"name\": \"a\", \"role\": \"root\"}",
                "{\"name\": \"../a\", \"role\": \"reader\"}",
                "{\"name\": \"a\", \"role\": \"reader\", \"expiresAt\": \"2001-01-01T00:00:00Z\"}",
                "{\"name\": \"a\", \"role\": \"reader\", \"expiresAt\": \"tomorrow\"}",
                "{\"name\": \"a\", \"role\": \"reader\", \"admin\": true}",
                "[]",
                "null"
            })
    void refusesTokensThatCannotBe(String request) {
        ApiClient.Answer answer = api.postJson("tokens", request);

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.problem()).isIn("invalid-request", "malformed-body");
    }

    @Test
    void theFirstTokenIsForItsOwnersEyesOnly() throws IOException {
        Path file = service.directory().resolve("data/admin-token");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
    }

    @Test
    void aRestartKeepsTheFirstTokenAndMakesNoOther() throws IOException {
        Path directory = service.directory();
        String before = Files.readString(directory.resolve("data/admin-token"));

        try (TestService again = TestService.start(database, directory)) {
            assertThat(again.api().get("images").status()).isEqualTo(200);
        }

        assertThat(directory.resolve("data/admin-token")).hasContent(before);
    }

    private JsonNode newToken(String role) {
        ApiClient.Answer made = api.postJson("tokens", "{\"name\": \"test\", \"role\": \"" + role + "\"}");
        assertThat(made.status()).as("%s", made).isEqualTo(201);
        return made.json();
    }
}
