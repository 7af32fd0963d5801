package io.cowshed.catalog;

import io.cowshed.metrics.Census;
import io.cowshed.metrics.Count;
import io.cowshed.metrics.Source;
import io.micrometer.core.instrument.Tags;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/**
 * How many images there are, of what kind. Nearly all are available and have no children: they are never counted, but follow
 * from the counts of children that their parents keep.
 */
@Component
class ImageCensus implements Census {

    private static final int PATIENCE_SECONDS = 10;

    /** By the depth of those that are counted. */
    private static final String CHILDREN_BY_DEPTH = """
            with recursive parents (id, depth, children) as (
                select i.id, 0, i.child_count from image i where i.parent_id is null and i.child_count > 0
                union all
                select i.id, p.depth + 1, i.child_count from parents p
                    join image i on i.parent_id = p.id and i.child_count > 0)
            select depth + 1 as depth, sum(children) as n from parents group by depth
            """;

    private final JdbcClient database;

    ImageCensus(JdbcClient database) {
        this.database = database;
    }

    @Override
    public Source source() {
        return Source.DATABASE;
    }

    @Override
    @Transactional(readOnly = true, timeout = PATIENCE_SECONDS)
    public List<Count> take() {
        Map<Integer, Long> byDepth = byDepth();
        List<Count> counts = new ArrayList<>();
        byDepth.forEach((depth, n) -> counts.add(Count.of(
                "cowshed.images.depth",
                "Images, those in the trash too, by how many ancestors they have",
                Tags.of("depth", depth.toString()),
                n)));
        long all = byDepth.values().stream().mapToLong(Long::longValue).sum();
        byState(all)
                .forEach((state, n) ->
                        counts.add(Count.of("cowshed.images", "Images by state", Tags.of("state", state.word()), n)));
        counts.addAll(leases());
        return counts;
    }

    private Map<Integer, Long> byDepth() {
        Map<Integer, Long> counts = new TreeMap<>();
        counts.put(
                0,
                database.sql("select count(*) from image where parent_id is null")
                        .query(Long.class)
                        .single());
        database.sql(CHILDREN_BY_DEPTH).query(row -> {
            counts.put(row.getInt("depth"), row.getLong("n"));
        });
        return counts;
    }

    private Map<ImageState, Long> byState(long all) {
        Map<ImageState, Long> counts = new EnumMap<>(ImageState.class);
        Arrays.stream(ImageState.values()).forEach(state -> counts.put(state, 0L));
        database.sql("select state, count(*) as n from image where state in ('creating', 'trashed', 'error')"
                        + " group by state")
                .query(row -> {
                    counts.put(ImageState.parse(row.getString("state")), row.getLong("n"));
                });
        long others = counts.values().stream().mapToLong(Long::longValue).sum();
        counts.put(ImageState.AVAILABLE, Math.max(0, all - others));
        return counts;
    }

    /** Those that are announced to go, or are past that, are few; and those that are not are in the index of what is due. */
    private List<Count> leases() {
        long due = database.sql("select count(expiry_due_at) from image where expiry_due_at is not null")
                .query(Long.class)
                .single();
        return database.sql("select count(case when expiry_hold is null then 1 end) as expiring,"
                        + " count(case when expiry_hold = 'kept' then 1 end) as flagged,"
                        + " count(case when expiry_hold <> 'kept' then 1 end) as held"
                        + " from image where expiry_warned_at is not null and state <> 'trashed'")
                .query((row, _) -> {
                    long expiring = row.getLong("expiring");
                    long held = row.getLong("held");
                    return List.of(
                            lease("active", Math.max(0, due - expiring - held)),
                            lease("expiring", expiring),
                            lease("held", held),
                            lease("flagged", row.getLong("flagged")));
                })
                .single();
    }

    private static Count lease(String state, long n) {
        return Count.of("cowshed.leases", "Disposable images that are not in the trash", Tags.of("state", state), n);
    }
}
