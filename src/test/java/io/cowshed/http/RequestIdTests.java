package io.cowshed.http;

import static io.cowshed.testing.VerbChains.succeed;
import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.testing.ApiClient;
import io.cowshed.testing.ApiClient.Answer;
import io.cowshed.testing.ServiceTests;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What calls are called, and what is logged of them. */
@Isolated("the logging of the JVM is set up anew when another service starts")
@ExtendWith(OutputCaptureExtension.class)
class RequestIdTests extends ServiceTests {

    private static final String HEADER = "X-Request-Id";

    @Override
    protected String[] properties() {
        return new String[] {
            "logging.structured.format.console=ecs",
            "logging.level.io.cowshed.operation=debug",
            "logging.level.org.springframework.web.servlet.DispatcherServlet=debug"
        };
    }

    @Test
    void theCallersNameIsTaken() {
        assertThat(api.get("images", HEADER, "build-17").header(HEADER)).isEqualTo("build-17");
    }

    @ParameterizedTest
    @ValueSource(strings = {"two words", " "})
    void aNameThatCannotBeIsReplaced(String insane) {
        String given = api.get("images", HEADER, insane).header(HEADER);

        assertThat(UUID.fromString(given)).hasToString(given);
    }

    @Test
    void aLongNameIsReplaced() {
        assertThat(api.get("images", HEADER, "x".repeat(128)).header(HEADER)).hasSize(128);
        assertThat(api.get("images", HEADER, "x".repeat(129)).header(HEADER)).hasSize(36);
    }

    @Test
    void callsWithoutANameGetOneEach() {
        assertThat(api.get("images").header(HEADER))
                .hasSize(36)
                .isNotEqualTo(api.get("images").header(HEADER));
    }

    @Test
    void aRefusalTellsIt() {
        ApiClient stranger = service.as("");
        for (Answer refusal : List.of(
                api.get("images/none", HEADER, "refused-1"),
                stranger.get("images", HEADER, "refused-1"),
                api.get("/no-such-path", HEADER, "refused-1"),
                api.postJson("images", "{", HEADER, "refused-1"),
                api.call("TRACE", "images", BodyPublishers.noBody(), HEADER, "refused-1"))) {
            assertThat(refusal.status()).as("%s", refusal).isGreaterThanOrEqualTo(400);
            assertThat(refusal.header(HEADER)).as("%s", refusal).isEqualTo("refused-1");
            assertThat(refusal.json().path("requestId").asString())
                    .as("%s", refusal)
                    .isEqualTo("refused-1");
        }
    }

    @Test
    void anEventTellsIt() {
        Answer made = succeed(api.postJson("images", "{\"name\": \"told\", \"virtualSize\": 1048576}"));

        JsonNode event =
                api.get("events?type=image.created").json().path("items").get(0);
        assertThat(event.path("requestId").asString()).isEqualTo(made.header(HEADER));
    }

    @Test
    void logsAreEcsAndTellItAndTheOperation(CapturedOutput output) {
        succeed(api.postJson("images", "{\"name\": \"logged\", \"virtualSize\": 1048576}"));
        succeed(api.post("images/logged/seal"));
        succeed(api.postJson("images/logged/clones", "{\"name\": \"logged-1\"}"));
        Answer split = succeed(api.post("images/logged-1/split", HEADER, "split-1", "Prefer", "wait=60"));
        String operation = split.json().path("id").asString();

        List<JsonNode> lines = output.getOut()
                .lines()
                .filter(line -> line.startsWith("{"))
                .map(line -> new JsonMapper().readTree(line))
                .toList();
        assertThat(lines)
                .anySatisfy(line -> {
                    assertThat(line.path("requestId").asString()).isEqualTo("split-1");
                    assertThat(line.path("message").asString()).contains(operation, "split");
                    assertThat(line.path("service").path("name").asString()).isEqualTo("cowshed");
                    assertThat(line.path("ecs").path("version").asString()).isNotEmpty();
                })
                .anySatisfy(line -> {
                    assertThat(line.path("operationId").asString()).isEqualTo(operation);
                    assertThat(line.path("log").path("logger").asString()).contains("OperationWorker");
                });
    }
}
