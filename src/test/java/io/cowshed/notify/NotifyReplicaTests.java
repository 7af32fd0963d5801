package io.cowshed.notify;

import static io.cowshed.testing.VerbChains.succeed;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.ServiceProcess;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.TestService;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Several replicas on one PostgreSQL, and the death of one. */
class NotifyReplicaTests {

    private static final String[] PROPERTIES = {
        "cowshed.subscriptions.schemes=http",
        "cowshed.subscriptions.ports=",
        "cowshed.subscriptions.networks=127.0.0.0/8"
    };

    private final Receiver receiver = new Receiver();

    @AfterEach
    void closeReceiver() {
        receiver.close();
    }

    @Test
    void twoReplicasSendEverythingOnce(@TempDir Path one, @TempDir Path two) throws Exception {
        try (TestDatabase database = TestDatabase.create(TestDatabase.Kind.POSTGRESQL);
                TestService service = TestService.start(database, one, PROPERTIES);
                TestService other = service.another(database, two, PROPERTIES)) {
            String subscription = subscription(succeed(service.api()
                            .postJson(
                                    "subscriptions",
                                    "{\"url\": \"" + receiver.url() + "\", \"types\": [\"image.created\"]}"))
                    .json());
            Set<String> images = new HashSet<>();
            for (int i = 0; i < 40; i++) {
                TestService asked = i % 2 == 0 ? service : other;
                images.add("image/" + create(asked, "disk-" + i));
            }
            List<String> sent = new ArrayList<>();
            while (!new HashSet<>(sent).containsAll(images)) {
                sent.add(receiver.next().json().path("subject").asString());
            }
            String pending = "subscriptions/" + subscription + "/deliveries?state=pending";
            while (!service.api().get(pending).json().path("items").isEmpty()) {
                Thread.onSpinWait();
            }
            receiver.rest()
                    .forEach(request -> sent.add(request.json().path("subject").asString()));

            assertThat(sent).hasSize(40).doesNotHaveDuplicates();
        }
    }

    /** It dies with some events only committed, and others being sent to a receiver that does not answer. */
    @Test
    void whatAReplicaThatDiesHadCommittedIsSentByAnother(@TempDir Path one) throws Exception {
        try (TestDatabase database = TestDatabase.create(TestDatabase.Kind.POSTGRESQL)) {
            receiver.hang();
            Set<String> images = new HashSet<>();
            String[] properties = Stream.of(
                            Stream.of(database.properties()),
                            Stream.of(PROPERTIES),
                            Stream.of("cowshed.volume=" + one.resolve("volume")))
                    .flatMap(all -> all)
                    .toArray(String[]::new);
            ServiceProcess dying = ServiceProcess.start(one, List.of(), properties);
            try {
                succeed(dying.api()
                        .postJson(
                                "subscriptions",
                                "{\"url\": \"" + receiver.url() + "\", \"types\": [\"image.created\"]}"));
                images.add("image/" + image(dying, "first"));
                receiver.next();
                for (int i = 0; i < 10; i++) {
                    images.add("image/" + image(dying, "disk-" + i));
                }
            } finally {
                dying.kill();
            }
            receiver.answer(204, "");
            expireClaims(database);

            try (TestService _ = TestService.start(database, one, PROPERTIES)) {
                Set<String> sent = new HashSet<>();
                while (!sent.containsAll(images)) {
                    sent.add(receiver.next().json().path("subject").asString());
                }
                assertThat(sent).isEqualTo(images);
            }
        }
    }

    /** As if so much time had passed that whoever began to send them has certainly given up. */
    private static void expireClaims(TestDatabase database) throws SQLException {
        try (Connection connection = database.connect();
                Statement statement = connection.createStatement()) {
            statement.executeUpdate("update delivery set due_at = created_at where state = 'pending'");
        }
    }

    private static String image(ServiceProcess service, String name) {
        return succeed(service.api().postJson("images", image(name)))
                .json()
                .path("id")
                .asString();
    }

    private static String create(TestService service, String name) {
        return succeed(service.api().postJson("images", image(name)))
                .json()
                .path("id")
                .asString();
    }

    private static String image(String name) {
        return "{\"name\": \"" + name + "\", \"virtualSize\": 1048576}";
    }

    private static String subscription(JsonNode made) {
        return made.path("subscription").path("id").asString();
    }
}
