package io.cowshed.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.ApiClient;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.TestService;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Reading a catalogue of 100,000 images over HTTP. Something is changed before each call, or H2 answers from memory. */
@Tag("bench")
class CatalogueBench {

    private static final int WARM_UP = 100;
    private static final int RUNS = 100;

    @ParameterizedTest
    @EnumSource(TestDatabase.Kind.class)
    void listsAndLineages(TestDatabase.Kind kind, @TempDir Path directory) throws Exception {
        Report report = new Report();
        try (TestDatabase database = TestDatabase.create(kind);
                TestService service = TestService.start(database, directory)) {
            Fleet fleet = Fleet.in(database);
            UUID leaf = fleet.chain().getLast();
            ApiClient api = service.api();
            String changed = api.postJson("images", "{\"name\": \"changed\", \"virtualSize\": 512}")
                    .json()
                    .path("id")
                    .asString();
            String next = api.get("images?limit=100&sort=name")
                    .json()
                    .path("nextCursor")
                    .asString();
            time(api, report, changed, "list of 100, oldest first", "images?limit=100");
            time(api, report, changed, "list of 100, newest first", "images?limit=100&sort=-createdAt");
            time(api, report, changed, "second page by name", "images?limit=100&sort=name&cursor=" + next);
            time(api, report, changed, "list by labels", "images?limit=100&label=team%3Dteam-3,env!%3Dprod");
            time(api, report, changed, "list of sealed ones", "images?limit=100&sealed=true");
            time(api, report, changed, "list by a text that one has", "images?limit=100&q=number%2077777%20");
            time(api, report, changed, "children of one with 10,000", "images?limit=100&parent=" + leaf);
            time(api, report, changed, "one image", "images/" + leaf);
            time(
                    api,
                    report,
                    changed,
                    "lineage, chain of 16 with 10,000 siblings, 100 shown",
                    "images/" + leaf + "/lineage?limit=100");
            time(api, report, changed, "the same, 1000 shown (the default)", "images/" + leaf + "/lineage");
        }
        report.print("A catalogue of 100,000 images on " + kind);
    }

    private static void time(ApiClient api, Report report, String changed, String work, String path) {
        double[] millis = new double[RUNS];
        for (int i = -WARM_UP; i < RUNS; i++) {
            assertThat(api.patch("images/" + changed, "{\"description\": \"" + i + "\"}")
                            .status())
                    .isEqualTo(200);
            long start = System.nanoTime();
            int status = api.get(path).status();
            millis[Math.max(i, 0)] = (System.nanoTime() - start) / 1e6;
            assertThat(status).isEqualTo(200);
        }
        report.times(work, millis, "p95 < 30 ms");
    }
}
