package io.cowshed.http;

import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.media.Schema;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/** What annotations cannot say of a schema: that an object may be null. */
public final class NullableProperty {

    private NullableProperty() {}

    /**
     * Says that a property of the schema of this name may be null. Nothing is done where the description does not have the schema.
     *
     * @param property as it is described otherwise; it keeps its description
     */
    public static void allow(OpenAPI api, String schema, String property) {
        api.getComponents().getSchemas().computeIfPresent(schema, (_, object) -> orNull(object, property));
    }

    /** As above, where what it is when it is not null can only be said here. */
    public static void allow(OpenAPI api, String schema, String property, Schema<?> otherwise) {
        api.getComponents().getSchemas().computeIfPresent(schema, (_, object) -> orNull(object, property, otherwise));
    }

    private static Schema<?> orNull(Schema<?> object, String property) {
        return orNull(
                object, property, Objects.requireNonNull(object.getProperties().get(property)));
    }

    private static Schema<?> orNull(Schema<?> object, String property, Schema<?> otherwise) {
        Schema<Object> either = new Schema<>();
        either.setDescription(
                Objects.requireNonNull(object.getProperties().get(property)).getDescription());
        otherwise.setDescription(null);
        either.setOneOf(List.of(otherwise, new Schema<>().types(Set.of("null"))));
        return object.addProperty(property, either);
    }
}
