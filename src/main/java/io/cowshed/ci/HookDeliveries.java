package io.cowshed.ci;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;
import tools.jackson.databind.json.JsonMapper;

/** What hooks have received, in the database, for as long as it is remembered. */
@Component
@Transactional(readOnly = true)
public class HookDeliveries {

    public static final int MAX_LIMIT = 1000;
    public static final int DEFAULT_LIMIT = 100;

    /** By one statement. */
    static final int FORGOTTEN_AT_ONCE = 1000;

    private static final int MAX_REASON = 1000;

    /** Outcomes that say what was done: going through a delivery again, to no effect, does not make that unsaid. */
    private static final EnumSet<Outcome> EFFECTS = EnumSet.of(Outcome.CREATED, Outcome.REMOVED, Outcome.KEPT);

    private static final String COLUMNS = "id, hook_id, delivery_key, received_at, event, action, job_key, outcome,"
            + " reason, images, problem, replayed_at";

    private final JdbcClient database;
    private final JsonMapper json;
    private final Clock clock;

    HookDeliveries(JdbcClient database, JsonMapper json, Clock clock) {
        this.database = database;
        this.json = json;
        this.clock = clock;
    }

    /**
     * A delivery of a hook.
     *
     * @throws DeliveryNotFound if there is none
     */
    public Delivery find(UUID hook, UUID id) {
        return database.sql("select " + COLUMNS + " from hook_delivery where hook_id = :hook and id = :id")
                .param("hook", hook)
                .param("id", id)
                .query((row, _) -> delivery(row))
                .optional()
                .orElseThrow(() -> new DeliveryNotFound(hook, id));
    }

    /** What was sent. */
    String body(Delivery delivery) {
        return database.sql("select body from hook_delivery where id = :id")
                .param("id", delivery.id())
                .query(String.class)
                .optional()
                .orElseThrow(() -> new DeliveryNotFound(delivery.hook(), delivery.id()));
    }

    /** That which its sender calls so. */
    Optional<Delivery> find(UUID hook, String key) {
        return database.sql("select " + COLUMNS + " from hook_delivery where hook_id = :hook and delivery_key = :key")
                .param("hook", hook)
                .param("key", key)
                .query((row, _) -> delivery(row))
                .optional();
    }

    /**
     * Those of a hook, the newest first, and one more than asked for where there are more.
     *
     * @param outcome null for all
     * @param job null for all
     * @param after the last one of the page before, or null for the first page
     * @throws CowshedException of type INVALID_REQUEST if that is none of this hook's
     */
    public List<Delivery> list(
            UUID hook, @Nullable Outcome outcome, @Nullable String job, @Nullable UUID after, int limit) {
        String filter = (outcome == null ? "" : " and outcome = :outcome")
                + (job == null ? "" : " and job_key = :job")
                + (after == null ? "" : " and received_at <= :at and (received_at < :at or id < :after)");
        JdbcClient.StatementSpec query = database.sql("select " + COLUMNS + " from hook_delivery where hook_id = :hook"
                        + filter + " order by received_at desc, id desc limit " + (limit + 1))
                .param("hook", hook);
        if (outcome != null) {
            query = query.param("outcome", outcome.word());
        }
        if (job != null) {
            query = query.param("job", job);
        }
        if (after != null) {
            query = query.param("at", receivedAt(hook, after)).param("after", after);
        }
        return query.query((row, _) -> delivery(row)).list();
    }

    private OffsetDateTime receivedAt(UUID hook, UUID id) {
        return database.sql("select received_at from hook_delivery where hook_id = :hook and id = :id")
                .param("hook", hook)
                .param("id", id)
                .query(OffsetDateTime.class)
                .optional()
                .orElseThrow(() -> new CowshedException(
                        ProblemType.INVALID_REQUEST,
                        "The cursor is not one that this query was answered with.",
                        "Begin again, without a cursor."));
    }

    /**
     * Writes down what came of a delivery.
     *
     * @throws org.springframework.dao.DuplicateKeyException if another of that key was recorded meanwhile
     * @throws DeliveryNotFound if one that was gone through again has been forgotten meanwhile
     */
    @Transactional
    public Delivery record(Draft draft, Result result) {
        if (!draft.isReplay()) {
            insert(draft, result);
        } else if (result.outcome() == Outcome.IGNORED && EFFECTS.contains(lockOutcome(draft))) {
            replayed("update hook_delivery set replayed_at = :now where id = :id", draft)
                    .update();
        } else {
            update(draft, result);
        }
        return find(draft.hook(), draft.id());
    }

    /** What came of it as far as is known now: somebody else may be going through it, too. */
    private Outcome lockOutcome(Draft draft) {
        return database.sql("select outcome from hook_delivery where hook_id = :hook and id = :id for update")
                .param("hook", draft.hook())
                .param("id", draft.id())
                .query((row, _) -> outcome(row))
                .optional()
                .orElseThrow(() -> new DeliveryNotFound(draft.hook(), draft.id()));
    }

    private void insert(Draft draft, Result result) {
        JdbcClient.StatementSpec insertion = database.sql(
                        "insert into hook_delivery (id, hook_id, delivery_key, received_at, event, action, job_key,"
                                + " outcome, reason, images, problem, body) values (:id, :hook, :key, :at, :event,"
                                + " :action, :job, :outcome, :reason, :images, :problem, :body)")
                .param("id", draft.id())
                .param("hook", draft.hook())
                .param("key", draft.key())
                .param("at", draft.receivedAt().atOffset(ZoneOffset.UTC))
                .param("body", draft.body());
        written(insertion, draft, result).update();
    }

    /** What it says may be read in another way by now: the mapping of a hook can be changed. */
    private void update(Draft draft, Result result) {
        JdbcClient.StatementSpec update = replayed(
                "update hook_delivery set event = :event, action = :action, job_key = :job, outcome = :outcome,"
                        + " reason = :reason, images = :images, problem = :problem, replayed_at = :now where id = :id",
                draft);
        written(update, draft, result).update();
    }

    private JdbcClient.StatementSpec replayed(String sql, Draft draft) {
        return database.sql(sql)
                .param("id", draft.id())
                .param("now", clock.instant().truncatedTo(ChronoUnit.MICROS).atOffset(ZoneOffset.UTC));
    }

    private JdbcClient.StatementSpec written(JdbcClient.StatementSpec statement, Draft draft, Result result) {
        JobNews job = draft.message().job();
        String reason = result.reason();
        return statement
                .param("event", draft.message().event())
                .param("action", draft.message().action())
                .param("job", job == null ? null : job.key())
                .param("outcome", result.outcome().word())
                .param("reason", reason == null ? null : Words.fit(reason, MAX_REASON))
                .param("images", json.writeValueAsString(result.images()))
                .param("problem", result.problem());
    }

    /** Forgets some of those that were received before then, {@value #FORGOTTEN_AT_ONCE} at most: they may have long bodies. */
    @Transactional
    public int forget(Instant before) {
        return database.sql("delete from hook_delivery where id in (select id from hook_delivery"
                        + " where received_at < :before order by received_at limit " + FORGOTTEN_AT_ONCE + ")")
                .param("before", before.atOffset(ZoneOffset.UTC))
                .update();
    }

    private Delivery delivery(ResultSet row) throws SQLException {
        OffsetDateTime replayedAt = row.getObject("replayed_at", OffsetDateTime.class);
        return new Delivery(
                row.getObject("id", UUID.class),
                row.getObject("hook_id", UUID.class),
                row.getString("delivery_key"),
                row.getObject("received_at", OffsetDateTime.class).toInstant(),
                row.getString("event"),
                row.getString("action"),
                row.getString("job_key"),
                outcome(row),
                row.getString("reason"),
                List.of(json.readValue(row.getString("images"), MadeDisk[].class)),
                row.getString("problem"),
                replayedAt == null ? null : replayedAt.toInstant());
    }

    private static Outcome outcome(ResultSet row) throws SQLException {
        return Outcome.valueOf(row.getString("outcome").toUpperCase(Locale.ROOT));
    }
}
