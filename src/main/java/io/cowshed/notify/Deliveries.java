package io.cowshed.notify;

import io.cowshed.problem.CowshedException;
import io.cowshed.problem.ProblemType;
import java.time.Clock;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** Shows deliveries, and has single ones sent again. */
@Component
@Transactional
public class Deliveries {

    /** Of a page. */
    public static final int MAX_LIMIT = 1000;

    private final JdbcClient database;
    private final Clock clock;

    Deliveries(JdbcClient database, Clock clock) {
        this.database = database;
        this.clock = clock;
    }

    /**
     * A page of the deliveries to a subscription, the newest first, and one more where there are more.
     *
     * @param state null for any
     * @param after the last one of the page before; null for the first page
     */
    @Transactional(readOnly = true)
    public List<Delivery> list(UUID subscription, @Nullable DeliveryState state, @Nullable UUID after, int limit) {
        Map<String, Object> parameters = new LinkedHashMap<>();
        parameters.put("subscription", subscription);
        StringBuilder conditions = new StringBuilder();
        if (state != null) {
            conditions.append(" and d.state = :state");
            parameters.put("state", state.word());
        }
        if (after != null) {
            conditions.append(" and d.id < :after");
            parameters.put("after", after);
        }
        return database.sql("select " + Delivery.COLUMNS + " from delivery d join event e on e.id = d.event_id"
                        + " where d.subscription_id = :subscription" + conditions + " order by d.id desc limit "
                        + (limit + 1))
                .params(parameters)
                .query(Delivery.ROW)
                .list();
    }

    /**
     * Has a delivery sent again now, whatever became of it, or is just becoming of it. The receiver can tell by its id that it
     * is the same.
     *
     * @throws CowshedException of type NOT_FOUND if there is none
     */
    public Delivery replay(UUID subscription, UUID id) {
        OffsetDateTime now = clock.instant().atOffset(ZoneOffset.UTC);
        database.sql("update delivery set state = 'pending', tries = 0, trying_since = null, due_at = :now,"
                        + " ended_at = null where id = :id and subscription_id = :subscription")
                .param("id", id)
                .param("subscription", subscription)
                .param("now", now)
                .update();
        return database.sql("select " + Delivery.COLUMNS + " from delivery d join event e on e.id = d.event_id"
                        + " where d.id = :id and d.subscription_id = :subscription")
                .param("id", id)
                .param("subscription", subscription)
                .query(Delivery.ROW)
                .optional()
                .orElseThrow(() -> new CowshedException(
                        ProblemType.NOT_FOUND,
                        "There is no delivery " + id + " to that subscription.",
                        "GET /api/v1/subscriptions/" + subscription + "/deliveries lists them."));
    }
}
