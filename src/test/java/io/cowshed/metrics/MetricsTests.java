package io.cowshed.metrics;

import static io.cowshed.testing.VerbChains.succeed;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.ci.Sender;
import io.cowshed.notify.Receiver;
import io.cowshed.testing.ApiClient;
import io.cowshed.testing.ServiceTests;
import io.cowshed.testing.TestDatabase;
import java.net.http.HttpRequest.BodyPublishers;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/** What Prometheus gets to see of a service that has done something of each kind; on both databases. */
@Timeout(120)
abstract class MetricsTests extends ServiceTests {

    /** Part of every name that is chosen here. */
    private static final String CHOSEN = "zebra";

    /** Prometheus' own. */
    private static final Set<String> NOT_OURS = Set.of("up");

    private static final String GIVEN_BY_PROMETHEUS = "job";

    private static final String JSON = "application/json";

    private static final long PAUSE_NANOS = 50_000_000;

    private final Receiver receiver = new Receiver();
    private ApiClient prometheus;

    @SuppressWarnings("NullAway.Init") // before the first test
    MetricsTests() {}

    @Override
    protected String[] properties() {
        return new String[] {
            "cowshed.metrics.interval=100ms",
            "cowshed.subscriptions.schemes=http,https",
            "cowshed.subscriptions.ports=",
            "cowshed.subscriptions.networks=127.0.0.1/32"
        };
    }

    @BeforeAll
    void doSomethingOfEachKind() throws Exception {
        String token = succeed(api.postJson("tokens", "{\"name\": \"prometheus\", \"role\": \"reader\"}"))
                .json()
                .path("secret")
                .asString();
        prometheus = service.as(token);
        subscribe();
        imageZebras();
        lendZebras();
        succeed(api.get("images/zebra-base/content"));
        assertThat(api.get("images/zebra-that-is-not").status()).isEqualTo(404);
        succeed(api.call("POST", "images/zebra-2/split", BodyPublishers.noBody(), "Prefer", "wait=60"));
        receiver.next();
    }

    @AfterAll
    void stopReceiver() {
        receiver.close();
    }

    private void subscribe() {
        succeed(api.postJson("subscriptions", "{\"url\": \"" + receiver.url() + "\"}"));
        Sender sender = Sender.of(
                service,
                "{\"name\": \"zebra-hook\", \"provider\": \"github\", \"rules\":"
                        + " [{\"image\": \"zebra-base\", \"name\": \"zebra-{{job.id}}\", \"ttl\": \"PT1H\"}]}");
        String body = Sender.body(
                "github-workflow_job-queued.json", Map.of("id", "17", "run", "1", "ref", "main", "name", "boot"));
        assertThat(sender.github("workflow_job", "zebra-delivery", body).status())
                .isEqualTo(202);
    }

    /** A base, three clones, one of which is in the trash, and a clone of a clone. */
    private void imageZebras() {
        byte[] disk = new byte[1 << 20];
        disk[4096] = 1;
        succeed(api.upload("images?name=zebra-base", "application/octet-stream", disk));
        succeed(api.post("images/zebra-base/seal"));
        succeed(api.postJson("images/zebra-base/clones", "{\"namePrefix\": \"zebra-\", \"count\": 3}"));
        succeed(api.delete("images/zebra-3"));
        succeed(api.post("images/zebra-1/seal"));
        succeed(api.postJson("images/zebra-1/clones", "{\"name\": \"zebra-1-1\"}"));
    }

    /** A lease, an attachment, and a pool with a claim. */
    private void lendZebras() {
        succeed(api.postJson("images/zebra-base/clones", "{\"name\": \"zebra-lease\", \"ttl\": \"PT8H\"}"));
        succeed(api.postJson("images/zebra-lease/attachments", "{\"holder\": \"zebra-keeper\", \"ttl\": \"PT15M\"}"));
        succeed(api.postJson("families", "{\"name\": \"zebras\"}"));
        succeed(api.postJson("families/zebras/versions", "{\"version\": \"1\", \"image\": \"zebra-base\"}"));
        succeed(api.call(
                "PUT", "families/zebras/pool", BodyPublishers.ofString("{\"size\": 2}"), "Content-Type", JSON));
        succeed(api.postJson("families/zebras/claims", "{\"name\": \"zebra-claimed\", \"ttl\": \"PT8H\"}"));
    }

    @Test
    void everyMetricOfTheAlertsAndTheDashboardIsThereWithItsLabels() {
        // What is measured at the end of something that goes on by itself soon is there.
        Scrape scrape =
                await(now -> now.sum("cowshed_delivery_lag_seconds_count").orElse(0) > 0
                        && now.sum("cowshed_pool_ready").orElse(0) == 2
                        && now.sum("http_server_requests_seconds_count", "uri", "/actuator/prometheus")
                                .isPresent());
        Set<String> recorded = WatchFiles.rules().stream()
                .filter(rule -> rule.containsKey("record"))
                .map(rule -> String.valueOf(rule.get("record")))
                .collect(Collectors.toSet());
        WatchFiles.expressions().forEach((where, expression) -> {
            assertThat(WatchFiles.selected(expression)).as(where).isNotEmpty();
            for (WatchFiles.Selected selected : WatchFiles.selected(expression)) {
                if (!recorded.contains(selected.metric()) && !NOT_OURS.contains(selected.metric())) {
                    requireThere(scrape, selected, where);
                }
            }
        });
    }

    private static void requireThere(Scrape scrape, WatchFiles.Selected selected, String where) {
        assertThat(scrape.named(selected.metric()))
                .as("%s: %s", where, selected)
                .isNotEmpty();
        selected.labels().forEach((label, value) -> {
            if (!label.equals(GIVEN_BY_PROMETHEUS)) {
                assertThat(scrape.named(selected.metric()))
                        .as("%s: %s", where, selected)
                        .anySatisfy(sample -> {
                            assertThat(sample.labels()).containsKey(label);
                            if (!value.isEmpty()) {
                                assertThat(sample.labels()).containsEntry(label, value);
                            }
                        });
            }
        });
    }

    @Test
    void whatIsCountedIsWhatIsThere() throws Exception {
        Scrape scrape = await(now -> now.sum("cowshed_pool_ready").orElse(0) == 2
                && now.sum("cowshed_deliveries_pending").orElse(1) == 0
                && now.sum("cowshed_operations", "state", "running").orElse(1) == 0);

        for (String state : new String[] {"available", "trashed", "creating", "error"}) {
            assertThat(scrape.value("cowshed_images", "state", state))
                    .as(state)
                    .isEqualTo(count("select count(*) from image where state = '" + state + "'"));
        }
        assertThat(scrape.value("cowshed_images", "state", "trashed")).isEqualTo(1);
        double all = scrape.value("cowshed_images");
        assertThat(scrape.value("cowshed_images_depth")).isEqualTo(all);
        assertThat(scrape.value("cowshed_images_depth", "depth", "0")).isEqualTo(2);
        assertThat(scrape.value("cowshed_images_depth", "depth", "2")).isEqualTo(1);
        assertThat(scrape.value("cowshed_leases", "state", "active"))
                .isEqualTo(count("select count(*) from image where lifetime = 'disposable' and state <> 'trashed'"))
                .isEqualTo(2);
        assertThat(scrape.value("cowshed_attachments", "state", "active")).isEqualTo(1);
        assertThat(scrape.value("cowshed_pool_wanted")).isEqualTo(2);
        assertThat(scrape.value("cowshed_pools", "state", "full")).isEqualTo(1);
        assertThat(scrape.value("cowshed_subscriptions", "state", "active")).isEqualTo(1);
        assertThat(scrape.value("cowshed_events_waiting")).isZero();
        assertThat(scrape.value("cowshed_volume_usable_bytes"))
                .isPositive()
                .isLessThanOrEqualTo(scrape.value("cowshed_volume_size_bytes"));
        assertThat(scrape.value("cowshed_source_up")).isEqualTo(2);
    }

    @Test
    void whatWasDoneIsCounted() {
        Scrape scrape = await(now -> now.sum("cowshed_operation_seconds_count", "outcome", "succeeded")
                        .orElse(0)
                > 0);

        assertThat(scrape.value("cowshed_clones_total"))
                .as("three, one of another, one for a while, and those of the pool, the claim and the hook")
                .isGreaterThanOrEqualTo(7);
        assertThat(scrape.value("cowshed_clone_seconds_count", "outcome", "made"))
                .isGreaterThanOrEqualTo(5);
        assertThat(scrape.value("cowshed_import_seconds_count", "format", "raw", "outcome", "made"))
                .isEqualTo(1);
        assertThat(scrape.value("cowshed_import_received_bytes_total")).isEqualTo(1 << 20);
        assertThat(scrape.value("cowshed_export_sent_bytes_total")).isEqualTo(1 << 20);
        assertThat(scrape.value("cowshed_operation_seconds_count", "kind", "split", "outcome", "succeeded"))
                .isEqualTo(1);
        assertThat(scrape.value("cowshed_operation_wait_seconds_count", "kind", "split"))
                .isEqualTo(1);
        assertThat(scrape.value("cowshed_pool_claims_total")).isEqualTo(1);
        assertThat(scrape.value("cowshed_hook_deliveries_total", "provider", "github", "outcome", "refused"))
                .as("the hook was asked before its image was there")
                .isEqualTo(1);
        assertThat(scrape.value("cowshed_hook_deliveries_total", "provider", "gitlab", "outcome", "refused"))
                .as("or a first one would be no increase")
                .isZero();
        assertThat(scrape.value("cowshed_problems_total", "of", "call", "type", "not-found"))
                .isGreaterThanOrEqualTo(1);
        assertThat(scrape.value("cowshed_problems_total", "of", "operation", "type", "internal"))
                .isZero();
        assertThat(scrape.value("cowshed_image_lock_seconds_count")).isPositive();
    }

    @Test
    void noNameThatSomebodyHasChosenIsALabel() {
        assertThat(Scrape.of(prometheus).text()).doesNotContain(CHOSEN);
    }

    @Test
    void onlyWhoHasATokenMayScrape() {
        assertThat(service.as("").get("/actuator/prometheus").problem()).isEqualTo("unauthenticated");
        assertThat(service.as("cow_nonsense").get("/actuator/prometheus").status())
                .isEqualTo(401);
        assertThat(prometheus.get("/actuator/metrics").status()).isEqualTo(403);
        assertThat(api.get("/actuator/prometheus").status()).isEqualTo(200);
    }

    @Test
    void aRevokedTokenScrapesNoMore() {
        JsonNode made = succeed(api.postJson("tokens", "{\"name\": \"gone\", \"role\": \"reader\"}"))
                .json();
        ApiClient scraper = service.as(made.path("secret").asString());
        Scrape.of(scraper);

        succeed(api.delete("tokens/" + made.path("id").asString()));

        assertThat(scraper.get("/actuator/prometheus").status()).isEqualTo(401);
    }

    private Scrape await(Predicate<Scrape> condition) {
        Scrape scrape = Scrape.of(prometheus);
        while (!condition.test(scrape)) {
            LockSupport.parkNanos(PAUSE_NANOS);
            scrape = Scrape.of(prometheus);
        }
        return scrape;
    }

    private double count(String sql) throws SQLException {
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getDouble(1);
        }
    }
}

class H2MetricsTests extends MetricsTests {}

class PostgresqlMetricsTests extends MetricsTests {
    @Override
    protected TestDatabase.Kind databaseKind() {
        return TestDatabase.Kind.POSTGRESQL;
    }
}
