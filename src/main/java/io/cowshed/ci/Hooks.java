package io.cowshed.ci;

import io.cowshed.catalog.LeaseTerms;
import io.cowshed.database.SqlFailures;
import io.cowshed.database.TimeOrderedIds;
import io.cowshed.event.EventType;
import io.cowshed.event.Events;
import io.cowshed.event.Subject;
import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DuplicateKeyException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;
import tools.jackson.databind.json.JsonMapper;

/** The hooks, in the database. */
@Component
@Transactional
public class Hooks {

    private static final Duration LONGEST_OVERLAP = Duration.ofDays(30);
    private static final String COLUMNS = "id, name, provider, on_completion, rules, mapping, secret_changed_at,"
            + " old_secret_until, created_at, created_by, updated_at, version";

    private final JdbcClient database;
    private final JobRows jobs;
    private final SecretSeal seal;
    private final TimeOrderedIds ids;
    private final JsonMapper json;
    private final Clock clock;
    private final LeaseTerms terms;
    private final Events events;

    Hooks(
            JdbcClient database,
            JobRows jobs,
            SecretSeal seal,
            TimeOrderedIds ids,
            JsonMapper json,
            Clock clock,
            LeaseTerms terms,
            Events events) {
        this.database = database;
        this.jobs = jobs;
        this.seal = seal;
        this.ids = ids;
        this.json = json;
        this.clock = clock;
        this.terms = terms;
        this.events = events;
    }

    /** A hook, and the one chance to see its secret. */
    public record WithSecret(Hook hook, String secret) {

        @Override
        public String toString() {
            return "WithSecret[" + hook.id() + "]";
        }
    }

    /**
     * A hook and what it believes.
     *
     * @param secrets as they are stored: one, or two for a while
     */
    record Credentials(Hook hook, List<String> secrets) {}

    /**
     * Makes a hook.
     *
     * @param secret null for one that is made here
     * @throws CowshedException of type NAME_TAKEN if another hook has the name; of type INVALID_REQUEST if it cannot be
     */
    public WithSecret create(
            String name,
            Provider provider,
            OnCompletion onCompletion,
            List<Rule> rules,
            @Nullable GenericMapping mapping,
            @Nullable String secret,
            String createdBy) {
        Instant now = now();
        Hook hook =
                new Hook(ids.next(), name, provider, onCompletion, rules, mapping, now, null, now, createdBy, now, 0);
        requireAllowed(hook.rules());
        String plain = secret == null ? seal.generate() : Hook.requireSecret(secret);
        orTaken(
                name,
                () -> written(
                                "insert into hook (id, name, provider, on_completion, rules, mapping, secret,"
                                        + " secret_changed_at, created_at, created_by, updated_at, version)"
                                        + " values (:id, :name, :provider, :onCompletion, :rules, :mapping, :secret,"
                                        + " :now, :now, :createdBy, :now, 0)",
                                hook)
                        .param("provider", provider.word())
                        .param("secret", seal.seal(hook.id(), plain))
                        .param("createdBy", createdBy)
                        .update());
        raise(EventType.HOOK_CREATED, hook, Map.of("rules", hook.rules()));
        return new WithSecret(hook, plain);
    }

    /** What would be refused of every job is refused here. */
    private void requireAllowed(List<Rule> rules) {
        rules.stream().map(Rule::ttl).filter(Objects::nonNull).forEach(terms::requireTtl);
    }

    /**
     * Changes a hook; null leaves a thing as it is.
     *
     * @param expectedVersions one of which the caller has read, or null to change whatever there is
     * @throws HookNotFound if there is none
     * @throws CowshedException as for {@link #create}; of type PRECONDITION_FAILED if it has another version
     */
    public Hook change(
            UUID id,
            @Nullable Set<Long> expectedVersions,
            @Nullable String name,
            @Nullable OnCompletion onCompletion,
            @Nullable List<Rule> rules,
            @Nullable GenericMapping mapping) {
        Hook was = lock(id, expectedVersions);
        Hook hook = new Hook(
                id,
                name == null ? was.name() : name,
                was.provider(),
                onCompletion == null ? was.onCompletion() : onCompletion,
                rules == null ? was.rules() : rules,
                mapping == null ? was.mapping() : mapping,
                was.secretChangedAt(),
                was.oldSecretUntil(),
                was.createdAt(),
                was.createdBy(),
                now(),
                was.version() + 1);
        if (rules != null) {
            requireAllowed(hook.rules());
        }
        orTaken(
                hook.name(),
                () -> written(
                                "update hook set name = :name, on_completion = :onCompletion, rules = :rules,"
                                        + " mapping = :mapping, updated_at = :now, version = version + 1 where id = :id",
                                hook)
                        .update());
        raise(EventType.HOOK_CHANGED, hook, Map.of("rules", hook.rules()));
        return hook;
    }

    /**
     * Gives a hook another secret. The one that it has is taken for a while yet, and any that was before that no more.
     *
     * @param secret null for one that is made here
     * @param overlap how long the present one is still taken; zero for not at all
     * @throws HookNotFound if there is none
     * @throws CowshedException of type INVALID_REQUEST if the secret or the time cannot be
     */
    public WithSecret rotate(UUID id, @Nullable String secret, Duration overlap) {
        if (overlap.isNegative() || overlap.compareTo(LONGEST_OVERLAP) > 0) {
            throw Words.refuse(
                    "The old secret cannot be taken for " + overlap + ".", "Use a duration from PT0S to P30D.");
        }
        Hook hook = lock(id, null);
        String plain = secret == null ? seal.generate() : Hook.requireSecret(secret);
        Instant until = overlap.isZero() ? null : now().plus(overlap);
        database.sql("update hook set old_secret = "
                        + (until == null ? "null" : "secret")
                        + ", old_secret_until = :until, secret = :secret, secret_changed_at = :now, updated_at = :now,"
                        + " version = version + 1 where id = :id")
                .param("until", until == null ? null : utc(until))
                .param("secret", seal.seal(id, plain))
                .param("now", utc(now()))
                .param("id", id)
                .update();
        raise(EventType.HOOK_CHANGED, hook, Map.of("secret", "rotated"));
        return new WithSecret(find(id), plain);
    }

    /**
     * Removes a hook, and what is remembered of its jobs and deliveries. Disks that it has made stay until they expire.
     *
     * @param expectedVersions as for {@link #change}
     * @throws HookNotFound if there is none
     */
    public void remove(UUID id, @Nullable Set<Long> expectedVersions) {
        Hook hook = jobs.lockAll(id, () -> lock(id, expectedVersions));
        database.sql("delete from hook where id = :id").param("id", id).update();
        raise(EventType.HOOK_REMOVED, hook, Map.of());
    }

    private void raise(EventType type, Hook hook, Map<String, ?> more) {
        Map<String, Object> data = new LinkedHashMap<>(more);
        data.put("provider", hook.provider());
        data.put("onCompletion", hook.onCompletion());
        events.raise(type, new Subject(Subject.Kind.HOOK, hook.id(), hook.name()), data);
    }

    /**
     * The hook of that id.
     *
     * @throws HookNotFound if there is none
     */
    @Transactional(readOnly = true)
    public Hook find(UUID id) {
        return database.sql("select " + COLUMNS + " from hook where id = :id")
                .param("id", id)
                .query((row, _) -> hook(row))
                .optional()
                .orElseThrow(() -> new HookNotFound(id));
    }

    /** All of them, in the order of their names. */
    @Transactional(readOnly = true)
    public List<Hook> list() {
        return database.sql("select " + COLUMNS + " from hook order by name")
                .query((row, _) -> hook(row))
                .list();
    }

    /** The hook of that id and provider, with what it believes now. */
    @Transactional(readOnly = true)
    Optional<Credentials> credentials(UUID id, Provider provider) {
        return database.sql("select " + COLUMNS + ", secret, old_secret from hook"
                        + " where id = :id and provider = :provider")
                .param("id", id)
                .param("provider", provider.word())
                .query((row, _) -> {
                    Hook hook = hook(row);
                    Instant until = hook.oldSecretUntil();
                    String old = row.getString("old_secret");
                    return new Credentials(
                            hook,
                            old != null && until != null && clock.instant().isBefore(until)
                                    ? List.of(row.getString("secret"), old)
                                    : List.of(row.getString("secret")));
                })
                .optional();
    }

    private Hook lock(UUID id, @Nullable Set<Long> expectedVersions) {
        Hook hook = database.sql("select " + COLUMNS + " from hook where id = :id for update")
                .param("id", id)
                .query((row, _) -> hook(row))
                .optional()
                .orElseThrow(() -> new HookNotFound(id));
        if (expectedVersions != null && !expectedVersions.contains(hook.version())) {
            throw new CowshedException(
                    ProblemType.PRECONDITION_FAILED,
                    "The hook was changed since it was read.",
                    "Read it again: GET /api/v1/hooks/" + id + ".");
        }
        return hook;
    }

    /** A statement with what may change about a hook. */
    private JdbcClient.StatementSpec written(String sql, Hook hook) {
        GenericMapping mapping = hook.mapping();
        return database.sql(sql)
                .param("id", hook.id())
                .param("name", hook.name())
                .param("onCompletion", hook.onCompletion().word())
                .param("rules", json.writeValueAsString(hook.rules()))
                .param("mapping", mapping == null ? null : json.writeValueAsString(mapping))
                .param("now", utc(hook.updatedAt()));
    }

    private static void orTaken(String name, Runnable statement) {
        try {
            statement.run();
        } catch (DuplicateKeyException e) {
            if (!SqlFailures.violatedConstraint(e).orElse("").startsWith("hook_name")) {
                throw e;
            }
            throw new CowshedException(
                    ProblemType.NAME_TAKEN,
                    "Another hook has the name " + Words.quote(name) + ".",
                    "Use another name.",
                    e);
        }
    }

    private Hook hook(ResultSet row) throws SQLException {
        String mapping = row.getString("mapping");
        return new Hook(
                row.getObject("id", UUID.class),
                row.getString("name"),
                Provider.parse(row.getString("provider")),
                OnCompletion.parse(row.getString("on_completion")),
                Arrays.asList(json.readValue(row.getString("rules"), Rule[].class)),
                mapping == null ? null : json.readValue(mapping, GenericMapping.class),
                row.getObject("secret_changed_at", OffsetDateTime.class).toInstant(),
                instant(row, "old_secret_until"),
                row.getObject("created_at", OffsetDateTime.class).toInstant(),
                row.getString("created_by"),
                row.getObject("updated_at", OffsetDateTime.class).toInstant(),
                row.getLong("version"));
    }

    private static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
        OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }

    /** Databases keep microseconds; what is answered now must equal what is read later. */
    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MICROS);
    }

    private static OffsetDateTime utc(Instant time) {
        return time.atOffset(ZoneOffset.UTC);
    }
}
