package io.cowshed.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.TestDatabase;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** How long 100,000 images take. All times are printed; on a quiet machine every median keeps within its bound. */
@Tag("bench")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class FleetTests {

    private static final int WARM_UP = 20;
    private static final int RUNS = 40;

    private final CatalogFixture fixture;
    private Fleet fleet;

    @SuppressWarnings("NullAway.Init")
    FleetTests(TestDatabase.Kind kind) {
        fixture = new CatalogFixture(kind, "cowshed.max-depth=20");
    }

    @BeforeAll
    void fill() throws SQLException {
        fleet = Fleet.in(fixture.database());
    }

    @AfterAll
    void close() {
        fixture.close();
    }

    @Test
    void listsAHundredOfAHundredThousand() {
        Map<String, ImageQuery> queries = new LinkedHashMap<>();
        for (String sort : new String[] {"createdAt", "-createdAt", "name", "-name", "virtualSize", "-virtualSize"}) {
            ImageQuery first = query(null, "", null, null, sort, null);
            queries.put(sort, first);
            String cursor = fixture.listing().list(first).nextCursor();
            queries.put(sort + ", next page", query(null, "", null, null, sort, cursor));
        }
        queries.put("q in all", query("disk", "", null, null, "createdAt", null));
        queries.put("q in one", query("number 77777 ", "", null, null, "createdAt", null));
        queries.put("q in none", query("no such thing", "", null, null, "createdAt", null));
        for (String label : new String[] {"env=test", "rare=yes", "team=team-3,env!=prod", "!rare"}) {
            queries.put(label, query(null, label, null, null, "createdAt", null));
        }
        queries.put("sealed", query(null, "", true, null, "-createdAt", null));
        UUID parent = fleet.chain().getLast();
        queries.put("children", query(null, "", null, parent, "createdAt", null));
        // A text that few have is looked for in every row.
        queries.forEach((name, query) -> assertFast(
                "list, " + name,
                query.text() == null ? 30 : 100,
                () -> fixture.listing().list(query)));
    }

    @Test
    void followsAChainWithTenThousandSiblings() {
        UUID id = fleet.chain().getLast();
        Lineage lineage = fixture.lineages().of(ImageRef.of(id), 100);
        assertThat(lineage.ancestors()).hasSize(Fleet.CHAIN - 1);
        assertThat(lineage.image().children()).isEqualTo(Fleet.SIBLINGS);
        assertThat(lineage.image().descendants()).hasSize(100);

        assertFast("lineage, 100", 30, () -> fixture.lineages().of(ImageRef.of(id), 100));
        assertFast("lineage, 1000", 30, () -> fixture.lineages().of(ImageRef.of(id), 1000));
        assertFast("chain", 5, () -> fixture.lineages().chain(id));
    }

    @Test
    void addsAHundredClones() {
        Image base = fixture.sealedBase("clone-me");
        AtomicInteger run = new AtomicInteger();
        assertFast("100 clones", 100, () -> fixture.clonesOf(base, "clone-" + run.incrementAndGet() + "-", 100));
    }

    private static ImageQuery query(
            @Nullable String text,
            String labels,
            @Nullable Boolean sealed,
            @Nullable UUID parent,
            String sort,
            @Nullable String cursor) {
        return new ImageQuery(
                text,
                labels.isEmpty() ? LabelSelector.any() : LabelSelector.parse(labels),
                ImageQuery.UNTRASHED,
                sealed,
                null,
                parent,
                ImageSort.parse(sort),
                cursor,
                100);
    }

    /** Changes something, or H2 answers a query that it has answered before from memory. */
    private void touch() {
        fixture.transactions()
                .executeWithoutResult(_ -> fixture.sql()
                        .sql("update image set updated_at = created_at where id = ?")
                        .param(fleet.chain().getFirst())
                        .update());
    }

    private void assertFast(String what, int boundMillis, Runnable work) {
        double[] millis = new double[RUNS];
        for (int i = -WARM_UP; i < RUNS; i++) {
            touch();
            long start = System.nanoTime();
            work.run();
            millis[Math.max(i, 0)] = (System.nanoTime() - start) / 1e6;
        }
        Arrays.sort(millis);
        double median = millis[RUNS / 2];
        System.out.printf(
                "%s %s: median %.1f ms, p95 %.1f ms%n",
                fixture.database().kind(), what, median, millis[RUNS * 95 / 100]);
        assertThat(median).as(what).isLessThan(boundMillis);
    }
}
