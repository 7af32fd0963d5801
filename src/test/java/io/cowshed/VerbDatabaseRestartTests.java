package io.cowshed;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.AppenderBase;
import ch.qos.logback.core.read.ListAppender;
import io.cowshed.VerbTrial.Verb;
import io.cowshed.testing.ApiClient;
import io.cowshed.testing.PostgresqlServer;
import io.cowshed.testing.TestDatabase;
import io.cowshed.testing.TestService;
import io.cowshed.testing.VerbChains;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/** PostgreSQL is stopped while verbs are at work, and started again before they are done, or when they have asked for it in vain. */
@Isolated("the logging of the JVM is set up anew when another service starts")
class VerbDatabaseRestartTests {

    private static final Logger STORE = (Logger) LoggerFactory.getLogger("io.cowshed.operation.OperationStore");

    /** Tomcat's, which tells of every exception that nobody has dealt with. */
    private static final Logger CONTAINER = (Logger) LoggerFactory.getLogger("org.apache.catalina.core");

    private static final String[] PROPERTIES = {
        "cowshed.operations.parallel=8",
        "cowshed.operations.bandwidth=2MiB",
        "db-scheduler.heartbeat-interval=500ms",
        "db-scheduler.polling-interval=200ms",
        "spring.datasource.hikari.connection-timeout=500"
    };

    @Test
    @Timeout(120)
    void theyAreDoneAllTheSame(@TempDir Path directory) throws Exception {
        try (PostgresqlServer server = PostgresqlServer.start(directory.resolve("postgresql"));
                TestDatabase database = server.database();
                TestService service = TestService.start(database, directory, PROPERTIES)) {
            VerbChains chains = new VerbChains(service);
            VerbTrials trials = new VerbTrials(chains, service.api(), directory);
            trials.makeParents();

            Map<VerbTrial, String> first =
                    begin(trials, service.api(), "-1", List.of(Verb.COPY_FLAT, Verb.SPLIT, Verb.COMMIT));
            server.stop();
            server.startAgain();
            requireDone(first, chains, service.api());

            Map<VerbTrial, String> second =
                    begin(trials, service.api(), "-2", List.of(Verb.COPY_FLAT, Verb.SPLIT, Verb.REDIRECT));
            CountDownLatch inVain = new CountDownLatch(1);
            Appender<ILoggingEvent> appender = whenACommitFails(inVain);
            server.stop();
            inVain.await();
            STORE.detachAppender(appender);
            requireToldInFewWords(service.api());
            server.startAgain();
            requireDone(second, chains, service.api());

            new Invariants(database, service.volume()).check();
            new Invariants(database, service.volume()).checkFiles();
        }
    }

    /** Already who calls is asked of the database. */
    private static void requireToldInFewWords(ApiClient api) {
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        log.start();
        CONTAINER.addAppender(log);
        assertThat(api.get("operations").problem()).isEqualTo("database-unavailable");
        CONTAINER.detachAppender(log);
        assertThat(log.list).isEmpty();
    }

    /** Returns when all of them are under way. */
    private static Map<VerbTrial, String> begin(VerbTrials trials, ApiClient api, String suffix, List<Verb> verbs)
            throws IOException {
        List<VerbTrial> all = new ArrayList<>();
        for (Verb verb : verbs) {
            all.add(trials.image(verb, verb.word() + suffix));
        }
        Map<VerbTrial, String> operations = new LinkedHashMap<>();
        all.forEach(trial -> operations.put(trial, trial.begin(api)));
        for (String operation : operations.values()) {
            JsonNode shown;
            do {
                shown = api.get("operations/" + operation).json();
                assertThat(shown.path("finishedAt").isNull()).as("%s", shown).isTrue();
            } while (shown.path("progress").path("doneBytes").asLong() == 0);
        }
        return operations;
    }

    private static void requireDone(Map<VerbTrial, String> operations, VerbChains chains, ApiClient api) {
        operations.forEach((trial, operation) -> {
            JsonNode ended = over(api, operation);
            assertThat(ended.path("state").asString()).as("%s", ended).isEqualTo("succeeded");
            trial.requireAfter(chains);
        });
    }

    /** Whoever asks is told to try again as long as there is no database, and once for each connection that broke. */
    private static JsonNode over(ApiClient api, String operation) {
        while (api.get("operations/" + operation, "Prefer", "wait=60").problem().equals("database-unavailable")) {
            Thread.onSpinWait();
        }
        return VerbTrial.over(api, operation);
    }

    /** When what an operation has done is on the volume, and the database does not answer to that, the log says so. */
    private static Appender<ILoggingEvent> whenACommitFails(CountDownLatch latch) {
        Appender<ILoggingEvent> appender = new AppenderBase<>() {
            @Override
            protected void append(ILoggingEvent event) {
                if (event.getFormattedMessage().contains("awaits its commit")) {
                    latch.countDown();
                }
            }
        };
        appender.start();
        STORE.addAppender(appender);
        return appender;
    }
}
