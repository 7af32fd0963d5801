package io.cowshed.http;

import io.cowshed.problem.ProblemType;
import io.cowshed.problem.Refuses;
import io.swagger.v3.oas.models.Components;
import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.Operation;
import io.swagger.v3.oas.models.examples.Example;
import io.swagger.v3.oas.models.info.Contact;
import io.swagger.v3.oas.models.info.Info;
import io.swagger.v3.oas.models.info.License;
import io.swagger.v3.oas.models.media.Content;
import io.swagger.v3.oas.models.media.MediaType;
import io.swagger.v3.oas.models.media.Schema;
import io.swagger.v3.oas.models.parameters.Parameter;
import io.swagger.v3.oas.models.responses.ApiResponse;
import io.swagger.v3.oas.models.responses.ApiResponses;
import io.swagger.v3.oas.models.security.SecurityRequirement;
import io.swagger.v3.oas.models.security.SecurityScheme;
import io.swagger.v3.oas.models.servers.Server;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springdoc.core.customizers.OpenApiCustomizer;
import org.springdoc.core.customizers.OperationCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.ClassPathResource;
import org.springframework.web.bind.annotation.PostMapping;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The OpenAPI description: what springdoc finds in the controllers, and for each operation its problem types (from
 * {@link Refuses}) and its examples (from {@code openapi/examples/<operationId>.json} on the class path).
 */
@Configuration(proxyBeanMethods = false)
class ApiDescription {

    private static final String BEARER = "accessToken";
    private static final String PROBLEM = "Problem";

    /** What any authorised call can be refused with. */
    private static final EnumSet<ProblemType> COMMON = EnumSet.of(
            ProblemType.INVALID_REQUEST,
            ProblemType.UNAUTHENTICATED,
            ProblemType.FORBIDDEN,
            ProblemType.NOT_ACCEPTABLE,
            ProblemType.INTERNAL,
            ProblemType.DATABASE_UNAVAILABLE);

    @Bean
    OpenAPI openApi() {
        return new OpenAPI()
                .info(new Info()
                        .title("Cowshed")
                        .version("v1")
                        .description("Keeps a fleet of VM disk images on one volume: immutable bases, copy-on-write"
                                + " clones of them, and the graph that ties them together.\n\nEvery error is an"
                                + " RFC 9457 problem whose `type` is stable and whose `action`, where there is one,"
                                + " says what would work. A POST may carry an `Idempotency-Key`. Every answer has an `X-Request-Id`,"
                                + " the one that was sent or a new one.")
                        .contact(new Contact().name("Cowshed").url("https://github.com/cowshed/cowshed"))
                        .license(new License().name("Apache-2.0").identifier("Apache-2.0")))
                .servers(List.of(new Server().url("/").description("This service")))
                .components(new Components()
                        .addSecuritySchemes(
                                BEARER,
                                new SecurityScheme()
                                        .type(SecurityScheme.Type.HTTP)
                                        .scheme("bearer")
                                        .description("An access token. The first start of the service writes one to"
                                                + " admin-token in its data directory.")))
                .addSecurityItem(new SecurityRequirement().addList(BEARER));
    }

    @Bean
    OperationCustomizer problemsAndExamples(JsonMapper json) {
        // Two methods that take different bodies on one path are one operation, with the problems of both.
        Map<String, EnumSet<ProblemType>> byOperation = new ConcurrentHashMap<>();
        return (operation, method) -> {
            Refuses refuses = method.getMethodAnnotation(Refuses.class);
            EnumSet<ProblemType> problems =
                    byOperation.computeIfAbsent(operation.getOperationId(), _ -> EnumSet.copyOf(COMMON));
            if (refuses != null) {
                problems.addAll(Arrays.asList(refuses.value()));
            }
            if (operation.getRequestBody() != null) {
                problems.add(ProblemType.MALFORMED_BODY);
                problems.add(ProblemType.TOO_LARGE);
                problems.add(ProblemType.UNSUPPORTED_MEDIA_TYPE);
            }
            if (method.hasMethodAnnotation(PostMapping.class)) {
                problems.add(ProblemType.REQUEST_IN_PROGRESS);
                problems.add(ProblemType.IDEMPOTENCY_KEY_REUSED);
                addIdempotencyKey(operation);
            }
            describe(operation.getResponses(), problems);
            addExamples(operation, json);
            return operation;
        };
    }

    @Bean
    OpenApiCustomizer problemSchemaAndOrder() {
        return api -> {
            new AnswerSchemas(api).requireEveryProperty();
            api.getComponents().addSchemas(PROBLEM, problemSchema());
            for (ProblemType type : COMMON) {
                if (isShared(List.of(type))) {
                    api.getComponents().addResponses(sharedName(List.of(type)), response(List.of(type)));
                }
            }
            api.getComponents().setSchemas(new TreeMap<>(api.getComponents().getSchemas()));
            if (api.getTags() != null) {
                api.setTags(api.getTags().stream()
                        .sorted((a, b) -> a.getName().compareTo(b.getName()))
                        .toList());
            }
        };
    }

    /** Once: two methods that take different bodies on one path are one operation. */
    private static void addIdempotencyKey(Operation operation) {
        if (operation.getParameters() != null
                && operation.getParameters().stream().anyMatch(known -> "Idempotency-Key".equals(known.getName()))) {
            return;
        }
        operation.addParametersItem(new Parameter()
                .name("Idempotency-Key")
                .in("header")
                .description("Makes the call safe to repeat: the same key gets the same answer, and one effect.")
                .schema(new Schema<String>().types(Set.of("string")).maxLength(255))
                .example("6f1c2d9e-5a0b-4c7f-9a53-0d2f4c1b7e11"));
    }

    private static void describe(ApiResponses responses, EnumSet<ProblemType> problems) {
        Map<Integer, List<ProblemType>> byStatus = problems.stream()
                .collect(Collectors.groupingBy(problem -> problem.status().value(), TreeMap::new, Collectors.toList()));
        byStatus.forEach((status, types) -> responses.addApiResponse(
                String.valueOf(status), isShared(types) ? new ApiResponse().$ref(sharedName(types)) : response(types)));
    }

    /** Whether the answer is the same for every operation, and so stands among the components. */
    private static boolean isShared(List<ProblemType> types) {
        return types.size() == 1
                && COMMON.contains(types.getFirst())
                && types.getFirst() != ProblemType.INVALID_REQUEST;
    }

    private static String sharedName(List<ProblemType> types) {
        return types.getFirst().slug();
    }

    private static ApiResponse response(List<ProblemType> types) {
        return new ApiResponse()
                .description(types.stream()
                        .map(type -> "`" + type.slug() + "`: " + type.title() + ".")
                        .collect(Collectors.joining("\n\n")))
                .content(new Content()
                        .addMediaType(
                                org.springframework.http.MediaType.APPLICATION_PROBLEM_JSON_VALUE,
                                new MediaType()
                                        .schema(new Schema<>().$ref(PROBLEM))
                                        .examples(examples(types))));
    }

    private static Map<String, Example> examples(List<ProblemType> types) {
        Map<String, Example> examples = new TreeMap<>();
        for (ProblemType type : types) {
            Map<String, Object> value = new LinkedHashMap<>();
            value.put("type", type.uri().toString());
            value.put("title", type.title());
            value.put("status", type.status().value());
            value.put("detail", type.title() + ".");
            examples.put(type.slug(), new Example().value(value));
        }
        return examples;
    }

    /** Puts {@code {"request": …, "response": …}} of the operation's example file where OpenAPI wants them. */
    private static void addExamples(Operation operation, JsonMapper json) {
        JsonNode examples = read(operation.getOperationId(), json);
        if (examples == null) {
            return;
        }
        if (examples.has("request") && operation.getRequestBody() != null) {
            addExample(operation.getRequestBody().getContent(), examples.get("request"), json);
        }
        operation.getResponses().forEach((status, response) -> {
            String name = examples.has("response " + status) ? "response " + status : "response";
            if (status.startsWith("2") && examples.has(name)) {
                addExample(response.getContent(), examples.get(name), json);
            }
        });
    }

    private static void addExample(@Nullable Content content, JsonNode example, JsonMapper json) {
        if (content != null && content.containsKey("application/json")) {
            content.get("application/json").setExample(json.convertValue(example, Object.class));
        }
    }

    private static @Nullable JsonNode read(String operationId, JsonMapper json) {
        ClassPathResource file = new ClassPathResource("openapi/examples/" + operationId + ".json");
        if (!file.exists()) {
            return null;
        }
        try (InputStream bytes = file.getInputStream()) {
            return json.readTree(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Schema<?> problemSchema() {
        Schema<Object> problem = new Schema<>();
        problem.setTypes(Set.of("object"));
        problem.setDescription("An RFC 9457 problem. Some types add members of their own, such as `children`.");
        problem.setRequired(List.of("type", "title", "status"));
        problem.addProperty("type", string("uri", "What kind of problem it is: urn:cowshed:problem:<slug>."));
        problem.addProperty("title", string(null, "The kind in words, the same for every occurrence."));
        problem.addProperty(
                "status",
                new Schema<>().types(Set.of("integer")).format("int32").description("The HTTP status."));
        problem.addProperty("detail", string(null, "What was refused this time, and why."));
        problem.addProperty("instance", string("uri-reference", "The path of the refused call."));
        problem.addProperty("action", string(null, "The call that would work instead."));
        problem.addProperty(
                "requestId", string(null, "The X-Request-Id of the answer, by which the log has the call."));
        return problem;
    }

    private static Schema<?> string(@Nullable String format, String description) {
        return new Schema<Object>().types(Set.of("string")).format(format).description(description);
    }
}
