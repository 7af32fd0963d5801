package io.cowshed.catalog.web;

import io.swagger.v3.oas.models.Components;
import io.swagger.v3.oas.models.media.Schema;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.springdoc.core.customizers.OpenApiCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** What annotations cannot say of the schemas here: that an object may be null, and that the values of a map may. */
@Configuration(proxyBeanMethods = false)
class ImageSchemas {

    @Bean
    OpenApiCustomizer nullsInImages() {
        return api -> {
            Components components = api.getComponents();
            components.addSchemas("LabelChanges", labelChanges());
            components
                    .getSchemas()
                    .computeIfPresent("Image", (_, image) -> image.addProperty("parent", parentOrNull()));
        };
    }

    private static Schema<?> labelChanges() {
        Schema<?> changes = ofType("object");
        changes.setDescription("Labels to set; a null value takes the label away.");
        changes.setAdditionalProperties(new Schema<>().types(new TreeSet<>(Set.of("string", "null"))));
        return changes;
    }

    private static Schema<?> parentOrNull() {
        Schema<Object> either = new Schema<>();
        either.setDescription("The image that this one is a copy-on-write clone of; null for a base.");
        either.setOneOf(List.of(new Schema<>().$ref("ParentImage"), ofType("null")));
        return either;
    }

    private static Schema<?> ofType(String type) {
        return new Schema<>().types(Set.of(type));
    }
}
