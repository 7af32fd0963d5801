package io.cowshed.http;

import io.cowshed.database.Transactions;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.http.HttpHeaders;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/**
 * What became of requests that carried an {@code Idempotency-Key}, in the database.
 *
 * <p>A request first claims its key, under a lease that is renewed while it is served. Its answer is recorded in the very
 * transaction that makes its effect, guarded by the number of the attempt. So there is never an effect without a recorded
 * answer: a key whose lease has run out belongs to a replica that died before it did anything, and may be claimed anew; and
 * a replica that was only stopped, and comes back after that, cannot commit. Times are the database's, so that the clocks of
 * replicas need not agree.
 */
@Component
class IdempotencyStore {

    /** How long a claim stands without renewal; several times the interval of {@link #renewLeases}. */
    private static final Duration LEASE = Duration.ofSeconds(30);

    /** How long answers are kept: longer than any client goes on repeating a request. */
    private static final Duration RETENTION = Duration.ofHours(24);

    private static final TypeReference<Map<String, String>> HEADERS = new TypeReference<>() {};

    /** How many leases are renewed by one statement. */
    private static final int RENEWED_AT_ONCE = 100;

    private final JdbcClient jdbc;
    private final JdbcTemplate batches;
    private final Transactions transactions;
    private final JsonMapper json;
    private final Set<IdempotencyClaim> open = ConcurrentHashMap.newKeySet();

    IdempotencyStore(JdbcClient jdbc, JdbcTemplate batches, Transactions transactions, JsonMapper json) {
        this.jdbc = jdbc;
        this.batches = batches;
        this.transactions = transactions;
        this.json = json;
    }

    /**
     * Claims a key for a request, or finds the answer that it was given before.
     *
     * @param fingerprint what tells this request from others under the same key
     * @return the answer to repeat, or empty when the claim stands and the request is to be served
     * @throws CowshedException when the key was used for another request, or is claimed by one still being served
     */
    Optional<RecordedAnswer> claim(IdempotencyClaim claim, String fingerprint) {
        try {
            return tryClaim(claim, fingerprint);
        } catch (DuplicateKeyException e) {
            // Another request inserted the same key between our look and our insert: now there is a row to find.
            return tryClaimAgain(claim, fingerprint);
        }
    }

    private Optional<RecordedAnswer> tryClaimAgain(IdempotencyClaim claim, String fingerprint) {
        try {
            return tryClaim(claim, fingerprint);
        } catch (DuplicateKeyException e) {
            // That request let the key go, and yet another took it.
            throw new RequestInProgress();
        }
    }

    private Optional<RecordedAnswer> tryClaim(IdempotencyClaim claim, String fingerprint) {
        Optional<RecordedAnswer> recorded = transactions.write(() -> {
            Optional<Row> row = jdbc.sql("select fingerprint, status, headers, body,"
                            + " lease_until > current_timestamp as leased from idempotency"
                            + " where principal = ? and idempotency_key = ? for update")
                    .params(claim.principal(), claim.key())
                    .query((columns, _) -> row(columns))
                    .optional();
            if (row.isEmpty()) {
                jdbc.sql("insert into idempotency"
                                + " (principal, idempotency_key, fingerprint, attempt, lease_until, created_at)"
                                + " values (?, ?, ?, ?, " + afterNow(LEASE) + ", current_timestamp)")
                        .params(claim.principal(), claim.key(), fingerprint, claim.attempt())
                        .update();
                return Optional.empty();
            }
            return row.get().decide(claim, fingerprint, this);
        });
        if (recorded.isEmpty()) {
            open.add(claim);
        }
        return recorded;
    }

    private void takeOver(IdempotencyClaim claim) {
        jdbc.sql("update idempotency set attempt = ?, lease_until = " + afterNow(LEASE)
                        + " where principal = ? and idempotency_key = ?")
                .params(claim.attempt(), claim.principal(), claim.key())
                .update();
    }

    /** Records the answer, as part of the transaction that makes the effect. */
    void record(IdempotencyClaim claim, RecordedAnswer answer) {
        int updated = jdbc.sql("update idempotency set status = :status, headers = :headers, body = :body"
                        + " where principal = :principal and idempotency_key = :key and attempt = :attempt")
                .param("status", answer.status())
                .param("headers", json.writeValueAsString(answer.headers()))
                .param("body", answer.body() == null ? null : claim.seal().seal(answer.body()))
                .param("principal", claim.principal())
                .param("key", claim.key())
                .param("attempt", claim.attempt())
                .update();
        if (updated != 1) {
            throw new RequestInProgress();
        }
    }

    /** Ends an attempt. Where it recorded no answer nothing was done, so the key is free again. */
    void release(IdempotencyClaim claim) {
        open.remove(claim);
        transactions.write(() -> jdbc.sql("delete from idempotency where principal = ?"
                        + " and idempotency_key = ? and attempt = ? and status is null")
                .params(claim.principal(), claim.key(), claim.attempt())
                .update());
    }

    /** Ends an attempt whose answer is recorded. */
    void settled(IdempotencyClaim claim) {
        open.remove(claim);
    }

    /** By their keys: there may be millions of answers, and only a few requests that are being served. */
    @Scheduled(fixedRate = 5_000)
    void renewLeases() {
        List<IdempotencyClaim> claims = List.copyOf(open);
        if (!claims.isEmpty()) {
            transactions.write(() -> batches.batchUpdate(
                    "update idempotency set lease_until = " + afterNow(LEASE)
                            + " where principal = ? and idempotency_key = ? and attempt = ?",
                    claims,
                    RENEWED_AT_ONCE,
                    (row, claim) -> {
                        row.setString(1, claim.principal());
                        row.setString(2, claim.key());
                        row.setObject(3, claim.attempt());
                    }));
        }
    }

    @Scheduled(initialDelay = 60_000, fixedDelay = 600_000)
    void forgetOldAnswers() {
        transactions.write(() -> jdbc.sql("delete from idempotency where created_at < " + afterNow(RETENTION.negated())
                        + " and lease_until < current_timestamp")
                .update());
    }

    private static String afterNow(Duration duration) {
        return "current_timestamp + interval '" + duration.toSeconds() + "' second";
    }

    private static Row row(ResultSet columns) throws SQLException {
        int status = columns.getInt("status");
        return new Row(
                columns.getString("fingerprint"),
                columns.wasNull() ? 0 : status,
                columns.getString("headers"),
                columns.getString("body"),
                columns.getBoolean("leased"));
    }

    private record Row(
            String fingerprint,
            int status,
            @Nullable String headers,
            @Nullable String body,
            boolean leased) {

        Optional<RecordedAnswer> decide(IdempotencyClaim claim, String presented, IdempotencyStore store) {
            if (!fingerprint.equals(presented)) {
                throw new CowshedException(
                        ProblemType.IDEMPOTENCY_KEY_REUSED,
                        "This Idempotency-Key came with another request before.",
                        "Use a fresh key (a UUID, say) for each request, and the same only to repeat it.");
            }
            if (status != 0) {
                return Optional.of(new RecordedAnswer(
                        status,
                        headers == null ? Map.of() : store.json.readValue(headers, HEADERS),
                        body == null ? null : claim.seal().open(body)));
            }
            if (leased) {
                throw new RequestInProgress();
            }
            store.takeOver(claim);
            return Optional.empty();
        }
    }

    private static final class RequestInProgress extends CowshedException {
        RequestInProgress() {
            super(
                    ProblemType.REQUEST_IN_PROGRESS,
                    "A request with this Idempotency-Key is being served.",
                    "Repeat the request after a second to get its answer.");
            header(HttpHeaders.RETRY_AFTER, "1");
        }
    }
}
