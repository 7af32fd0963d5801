package io.cowshed.http;

import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.media.Schema;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Marks what answers always have: every property, null or not, unless the record itself says which are required. Without
 * that, generated clients take each of them for one that may be missing.
 */
final class AnswerSchemas {

    private static final String PREFIX = "#/components/schemas/";

    private final OpenAPI api;
    private final Set<String> done = new HashSet<>();

    AnswerSchemas(OpenAPI api) {
        this.api = api;
    }

    void requireEveryProperty() {
        api.getPaths().values().stream()
                .flatMap(path -> path.readOperations().stream())
                .flatMap(operation -> operation.getResponses().entrySet().stream())
                .filter(response -> response.getKey().startsWith("2"))
                .map(response -> response.getValue().getContent())
                .filter(Objects::nonNull)
                .flatMap(content -> content.values().stream())
                .forEach(media -> visit(media.getSchema()));
    }

    private void visit(Schema<?> schema) {
        if (schema.get$ref() != null) {
            String name = schema.get$ref().substring(PREFIX.length());
            if (done.add(name)) {
                visit(Objects.requireNonNull(api.getComponents().getSchemas().get(name), name));
            }
            return;
        }
        parts(schema).forEach(this::visit);
        Map<String, Schema<?>> properties = properties(schema);
        properties.values().forEach(this::visit);
        if (schema.getRequired() == null && !properties.isEmpty()) {
            schema.setRequired(new ArrayList<>(properties.keySet()));
        }
    }

    private static Stream<Schema<?>> parts(Schema<?> schema) {
        Stream<Schema<?>> items = schema.getItems() == null ? Stream.empty() : Stream.of(schema.getItems());
        return Stream.concat(items, typed(schema.getOneOf()).stream());
    }

    /** The library's collections of schemas are raw. */
    @SuppressWarnings({"unchecked", "rawtypes"})
    private static Collection<Schema<?>> typed(@Nullable List<Schema> schemas) {
        return schemas == null ? List.of() : (List) schemas;
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static Map<String, Schema<?>> properties(Schema<?> schema) {
        return schema.getProperties() == null ? Map.of() : (Map) schema.getProperties();
    }
}
