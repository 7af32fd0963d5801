package io.cowshed.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.cowshed.problem.ProblemType;
import io.cowshed.testing.ServiceTests;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** The API's description, as it is served and as it is kept in {@code openapi/cowshed.yaml}. */
class OpenApiTests extends ServiceTests {

    private static final Path KEPT = Path.of("openapi/cowshed.yaml");
    private static final Set<String> METHODS = Set.of("get", "post", "put", "patch", "delete", "head", "options");

    @Test
    void theKeptDescriptionIsTheServedOne() throws IOException {
        String served = new String(service.as("").get("/v3/api-docs.yaml").bytes(), StandardCharsets.UTF_8);
        if (Boolean.getBoolean("openapi.write")) {
            Files.writeString(KEPT, served);
        }

        assertThat(KEPT)
                .as("mvn test -Dtest=OpenApiTests -Dopenapi.write=true renews it")
                .content()
                .isEqualTo(served);
    }

    @Test
    void everyOperationIsDescribedWithItsProblemsAndExamples() {
        List<String> lacking = new ArrayList<>();
        int operations = 0;
        for (Map.Entry<String, JsonNode> path : description().path("paths").properties()) {
            for (Map.Entry<String, JsonNode> method : path.getValue().properties()) {
                if (!METHODS.contains(method.getKey())) {
                    continue;
                }
                operations++;
                String operation = method.getKey() + " " + path.getKey();
                JsonNode described = method.getValue();
                for (String field : List.of("summary", "description", "operationId", "tags")) {
                    if (described.path(field).isMissingNode()) {
                        lacking.add(operation + ": " + field);
                    }
                }
                for (String status : List.of("400", "401", "403", "500", "503")) {
                    if (described.path("responses").path(status).isMissingNode()) {
                        lacking.add(operation + ": the problems of status " + status);
                    }
                }
                requireExamples(operation, described.path("requestBody"), lacking);
                described.path("responses").properties().forEach(response -> {
                    if (response.getKey().startsWith("2")) {
                        requireExamples(operation + " " + response.getKey(), response.getValue(), lacking);
                    }
                });
            }
        }
        assertThat(lacking).isEmpty();
        assertThat(operations).isGreaterThanOrEqualTo(13);
    }

    @Test
    void everyProblemTypeIsOnItsPage() throws IOException {
        String page = Files.readString(Path.of("docs/problems.md"));
        for (ProblemType type : ProblemType.values()) {
            assertThat(page)
                    .contains("| `" + type.slug() + "` | " + type.status().value() + " |");
        }
        assertThat(page.lines().filter(line -> line.startsWith("| `"))).hasSize(ProblemType.values().length);
    }

    @Test
    void theSwaggerPageIsServed() {
        assertThat(service.as("").get("/swagger-ui").status()).isEqualTo(302);
        assertThat(service.as("").get("/swagger-ui/index.html").status()).isEqualTo(200);
        assertThat(description()
                        .path("components")
                        .path("securitySchemes")
                        .path("accessToken")
                        .path("scheme")
                        .asString())
                .isEqualTo("bearer");
    }

    private static void requireExamples(String operation, JsonNode part, List<String> lacking) {
        JsonNode json = part.path("content").path("application/json");
        if (!json.isMissingNode()
                && json.path("example").isMissingNode()
                && json.path("examples").isMissingNode()) {
            lacking.add(operation + ": an example");
        }
    }

    private JsonNode description() {
        return service.as("").get("/v3/api-docs").json();
    }
}
