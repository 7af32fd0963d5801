package io.cowshed.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import io.cowshed.testing.ApiClient;
import io.cowshed.testing.ServiceTests;
import io.cowshed.testing.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** One key, one effect, one answer; on both databases. */
abstract class IdempotencyTests extends ServiceTests {

    private static final String TOKEN = "{\"name\": \"idem\", \"role\": \"reader\"}";

    @Test
    void aRepeatedRequestGetsTheSameAnswerAndHasNoSecondEffect() {
        String key = freshKey();
        ApiClient.Answer first = api.postJson("tokens", TOKEN, "Idempotency-Key", key);
        ApiClient.Answer second = api.postJson("tokens", TOKEN, "Idempotency-Key", key);

        assertThat(first.status()).isEqualTo(201);
        assertThat(second.status()).isEqualTo(201);
        assertThat(second.bytes()).isEqualTo(first.bytes());
        assertThat(second.header("Location"))
                .isEqualTo(first.header("Location"))
                .isNotEmpty();
        assertThat(second.header("Content-Type")).isEqualTo(first.header("Content-Type"));
    }

    @Test
    void requestsRacingUnderOneKeyHaveOneEffect() throws Exception {
        String key = freshKey();
        long before = tokens();
        List<Future<ApiClient.Answer>> calls;
        try (ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor()) {
            calls = IntStream.range(0, 16)
                    .mapToObj(_ -> callers.submit(() -> api.postJson("tokens", TOKEN, "Idempotency-Key", key)))
                    .toList();
        }
        List<ApiClient.Answer> answers = calls.stream().map(Future::resultNow).toList();

        assertThat(tokens() - before).isEqualTo(1);
        assertThat(answers).allSatisfy(answer -> assertThat(answer.status()).isIn(201, 409));
        assertThat(answers.stream()
                        .filter(answer -> answer.status() == 201)
                        .map(answer -> answer.json().path("id").asString())
                        .distinct())
                .hasSize(1);
        assertThat(answers).filteredOn(answer -> answer.status() == 409).allSatisfy(answer -> {
            assertThat(answer.problem()).isEqualTo("request-in-progress");
            assertThat(answer.header("Retry-After")).isNotEmpty();
        });
    }

    @Test
    void aKeyCannotBeUsedForAnotherRequest() {
        String key = freshKey();
        api.postJson("tokens", TOKEN, "Idempotency-Key", key);

        ApiClient.Answer other = api.postJson("tokens", TOKEN.replace("idem", "other"), "Idempotency-Key", key);

        assertThat(other.status()).isEqualTo(422);
        assertThat(other.problem()).isEqualTo("idempotency-key-reused");
    }

    @Test
    void aRefusedRequestLeavesItsKeyFree() {
        String key = freshKey();
        assertThat(api.postJson("tokens", "{\"name\": \"idem\"}", "Idempotency-Key", key)
                        .status())
                .isEqualTo(400);

        assertThat(api.postJson("tokens", TOKEN, "Idempotency-Key", key).status())
                .isEqualTo(201);
    }

    @Test
    void keysOfDifferentCallersDoNotMeet() {
        String key = freshKey();
        String secret = api.postJson("tokens", "{\"name\": \"boss\", \"role\": \"admin\"}")
                .json()
                .path("secret")
                .asString();
        String mine = api.postJson("tokens", TOKEN, "Idempotency-Key", key)
                .json()
                .path("id")
                .asString();

        ApiClient.Answer theirs = service.as(secret).postJson("tokens", TOKEN, "Idempotency-Key", key);

        assertThat(theirs.status()).isEqualTo(201);
        assertThat(theirs.json().path("id").asString()).isNotEqualTo(mine);
    }

    @Test
    void aKeyHeldByADeadReplicaComesFreeWithItsLease() throws SQLException {
        String key = freshKey();
        api.postJson("tokens", TOKEN, "Idempotency-Key", key);
        // As a replica leaves it that dies between its claim and its commit.
        execute("update idempotency set status = null, headers = null, body = null,"
                + " lease_until = current_timestamp + interval '1' hour where idempotency_key = '" + key + "'");
        assertThat(api.postJson("tokens", TOKEN, "Idempotency-Key", key).problem())
                .isEqualTo("request-in-progress");

        execute("update idempotency set lease_until = current_timestamp - interval '1' second where idempotency_key = '"
                + key + "'");

        assertThat(api.postJson("tokens", TOKEN, "Idempotency-Key", key).status())
                .isEqualTo(201);
    }

    @Test
    void aKeyIsHeldForAsLongAsItsRequestIsServed() throws SQLException {
        IdempotencyStore store = service.bean(IdempotencyStore.class);
        IdempotencyClaim served = claim();
        IdempotencyClaim other = claim();
        store.claim(served, "fingerprint");
        store.claim(other, "fingerprint");
        store.release(other);
        store.claim(other, "fingerprint");
        store.settled(other);
        execute("update idempotency set lease_until = current_timestamp where idempotency_key = '" + served.key()
                + "'");
        execute("update idempotency set lease_until = current_timestamp where idempotency_key = '" + other.key() + "'");

        store.renewLeases();

        assertThatExceptionOfType(CowshedException.class)
                .isThrownBy(() -> store.claim(claim(served.key()), "fingerprint"))
                .satisfies(refusal -> assertThat(refusal.type()).isEqualTo(ProblemType.REQUEST_IN_PROGRESS));
        assertThat(store.claim(claim(other.key()), "fingerprint")).isEmpty();
    }

    private static IdempotencyClaim claim() {
        return claim(freshKey());
    }

    private static IdempotencyClaim claim(String key) {
        return new IdempotencyClaim("somebody", key, UUID.randomUUID(), new AnswerSeal("token", key));
    }

    @Test
    void theDatabaseHoldsNoSecretOfARecordedAnswer() throws SQLException {
        String key = freshKey();
        String secret = api.postJson("tokens", TOKEN, "Idempotency-Key", key)
                .json()
                .path("secret")
                .asString();
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement();
                var rows =
                        statement.executeQuery("select body from idempotency where idempotency_key = '" + key + "'")) {
            assertThat(rows.next()).isTrue();
            assertThat(rows.getString(1)).isNotEmpty().doesNotContain(secret).doesNotContain("secret");
        }
    }

    @Test
    void refusesKeysThatAreNoKeys() {
        for (String key : new String[] {"a b", "x".repeat(256)}) {
            assertThat(api.postJson("tokens", TOKEN, "Idempotency-Key", key).problem())
                    .isEqualTo("invalid-request");
        }
    }

    private long tokens() {
        return api.get("tokens").json().path("items").size();
    }

    private void execute(String sql) throws SQLException {
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement()) {
            assertThat(statement.executeUpdate(sql)).isEqualTo(1);
        }
    }

    private static String freshKey() {
        return UUID.randomUUID().toString();
    }
}

class H2IdempotencyTests extends IdempotencyTests {}

class PostgresqlIdempotencyTests extends IdempotencyTests {
    @Override
    protected TestDatabase.Kind databaseKind() {
        return TestDatabase.Kind.POSTGRESQL;
    }
}
