package io.cowshed.operation;

import io.cowshed.metrics.Census;
import io.cowshed.metrics.Count;
import io.cowshed.metrics.Source;
import io.micrometer.core.instrument.Tags;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** How much there is to do, and for how long that has been so. */
@Component
class OperationCensus implements Census {

    private static final int PATIENCE_SECONDS = 10;

    private final JdbcClient database;
    private final Clock clock;

    OperationCensus(JdbcClient database, Clock clock) {
        this.database = database;
        this.clock = clock;
    }

    /**
     * Those of one state.
     *
     * @param oldest since when the oldest of them is in it, in seconds
     */
    private record Waiting(long count, double oldest) {}

    @Override
    public Source source() {
        return Source.DATABASE;
    }

    @Override
    @Transactional(readOnly = true, timeout = PATIENCE_SECONDS)
    public List<Count> take() {
        Map<OperationState, Waiting> found = new EnumMap<>(OperationState.class);
        found.put(OperationState.QUEUED, new Waiting(0, 0));
        found.put(OperationState.RUNNING, new Waiting(0, 0));
        database.sql("select state, count(*) as n, min(created_at) as created_at, min(started_at) as started_at"
                        + " from operation where state in ('queued', 'running') group by state")
                .query(row -> {
                    OperationState state = OperationState.parse(row.getString("state"));
                    String since = state == OperationState.QUEUED ? "created_at" : "started_at";
                    found.put(state, new Waiting(row.getLong("n"), age(row, since)));
                });
        List<Count> counts = new ArrayList<>();
        found.forEach((state, waiting) -> {
            Tags tags = Tags.of("state", state.word());
            counts.add(Count.of("cowshed.operations", "Operations that are not over", tags, waiting.count()));
            counts.add(Count.seconds(
                    "cowshed.operations.oldest",
                    "How long ago the oldest of them was asked for, or begun",
                    tags,
                    waiting.oldest()));
        });
        return counts;
    }

    private double age(ResultSet row, String column) throws SQLException {
        OffsetDateTime since = row.getObject(column, OffsetDateTime.class);
        return Math.max(0, Duration.between(since.toInstant(), clock.instant()).toMillis() / 1e3);
    }
}
