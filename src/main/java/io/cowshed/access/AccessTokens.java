package io.cowshed.access;

import io.cowshed.event.EventType;
import io.cowshed.event.Events;
import io.cowshed.event.Subject;
import java.security.SecureRandom;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

/** The access tokens, in the database: their secrets are stored as hashes and shown once, to whoever makes them. */
@Component
public class AccessTokens {

    private static final String COLUMNS = "id, name, role, created_at, created_by, expires_at, revoked_at";

    private final JdbcClient jdbc;
    private final Events events;
    private final Clock clock;
    private final SecureRandom random = new SecureRandom();

    AccessTokens(JdbcClient jdbc, Events events, Clock clock) {
        this.jdbc = jdbc;
        this.events = events;
        this.clock = clock;
    }

    /** A new token and the one chance to see its secret. */
    public record Created(AccessToken token, String secret) {}

    /** Makes a token. The caller's transaction decides whether it comes to be. */
    @Transactional
    public Created create(String name, Role role, @Nullable Instant expiresAt, String createdBy) {
        return insert(TokenSecret.generate(UUID.randomUUID(), random), name, role, expiresAt, createdBy);
    }

    /**
     * Makes a token of a secret that was made elsewhere.
     *
     * @throws DuplicateKeyException if there is, or ever was, one with its id
     */
    @Transactional
    Created create(TokenSecret secret, String name, Role role, String createdBy) {
        return insert(secret, name, role, null, createdBy);
    }

    private Created insert(TokenSecret secret, String name, Role role, @Nullable Instant expiresAt, String createdBy) {
        // Databases keep microseconds; what is answered now must equal what is read later.
        Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
        Instant end = expiresAt == null ? null : expiresAt.truncatedTo(ChronoUnit.MICROS);
        AccessToken token = new AccessToken(secret.id(), name, role, now, createdBy, end, null);
        jdbc.sql("insert into access_token (id, name, role, secret_hash, created_at, created_by, expires_at)"
                        + " values (:id, :name, :role, :hash, :now, :createdBy, :end)")
                .param("id", token.id())
                .param("name", name)
                .param("role", role.value())
                .param("hash", secret.hash())
                .param("now", utc(now))
                .param("createdBy", createdBy)
                .param("end", end == null ? null : utc(end))
                .update();
        raise(EventType.TOKEN_CREATED, token);
        return new Created(token, secret.token());
    }

    /** The token that this secret belongs to, if it may be used now. */
    @Transactional(readOnly = true)
    public Optional<AccessToken> authenticate(String presented) {
        Optional<TokenSecret> secret = TokenSecret.parse(presented);
        if (secret.isEmpty()) {
            return Optional.empty();
        }
        return jdbc.sql("select " + COLUMNS + ", secret_hash from access_token where id = ?")
                .param(secret.get().id())
                .query((row, _) ->
                        secret.get().matches(row.getString("secret_hash")) ? Optional.of(token(row)) : none())
                .optional()
                .flatMap(found -> found)
                .filter(token -> token.usableAt(clock.instant()));
    }

    /** Every token that was ever made and not revoked, the oldest first. */
    @Transactional(readOnly = true)
    public List<AccessToken> list() {
        return jdbc.sql("select " + COLUMNS + " from access_token where revoked_at is null order by created_at, id")
                .query((row, _) -> token(row))
                .list();
    }

    /** Ends a token at once. Answers whether there was one to revoke. */
    @Transactional
    public boolean revoke(UUID id) {
        int revoked = jdbc.sql("update access_token set revoked_at = ? where id = ? and revoked_at is null")
                .params(utc(clock.instant()), id)
                .update();
        if (revoked == 0) {
            return false;
        }
        raise(
                EventType.TOKEN_REVOKED,
                jdbc.sql("select " + COLUMNS + " from access_token where id = ?")
                        .param(id)
                        .query((row, _) -> token(row))
                        .single());
        return true;
    }

    private void raise(EventType type, AccessToken token) {
        events.raise(
                type,
                new Subject(Subject.Kind.TOKEN, token.id(), token.name()),
                Map.of("role", token.role(), "createdBy", token.createdBy()));
    }

    /**
     * Whether nobody can make tokens any more, in the caller's transaction; until that ends no other replica is told that, so
     * that of those that start together one makes the first.
     */
    @Transactional(propagation = Propagation.MANDATORY)
    boolean lacksAdmin() {
        jdbc.sql("select id from installation for update").query(UUID.class).single();
        return list().stream().noneMatch(token -> token.role() == Role.ADMIN && token.usableAt(clock.instant()));
    }

    private static Optional<AccessToken> none() {
        return Optional.empty();
    }

    private static AccessToken token(ResultSet row) throws SQLException {
        return new AccessToken(
                row.getObject("id", UUID.class),
                row.getString("name"),
                Role.valueOf(row.getString("role").toUpperCase(Locale.ROOT)),
                row.getObject("created_at", OffsetDateTime.class).toInstant(),
                row.getString("created_by"),
                instant(row, "expires_at"),
                instant(row, "revoked_at"));
    }

    private static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
        OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }

    private static OffsetDateTime utc(Instant time) {
        return time.atOffset(ZoneOffset.UTC);
    }
}
