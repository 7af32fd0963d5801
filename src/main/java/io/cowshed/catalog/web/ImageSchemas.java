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
                    .computeIfPresent(
                            "Image",
                            (_, image) -> image.addProperty(
                                            "parent",
                                            orNull(
                                                    "ParentImage",
                                                    "The image that this one is a copy-on-write clone of; null for a base."))
                                    .addProperty("lease", orNull("Lease", "Null for a persistent image."))
                                    .addProperty("seed", orNull("ImageSeed", "Its seed disk; null for none.")));
            components
                    .getSchemas()
                    .computeIfPresent(
                            "Lease",
                            (_, lease) -> lease.addProperty(
                                    "beforeDelete",
                                    orNull("BeforeDelete", "What is done before it goes; null for nothing.")));
        };
    }

    private static Schema<?> labelChanges() {
        Schema<?> changes = ofType("object");
        changes.setDescription("Labels to set; a null value takes the label away.");
        changes.setAdditionalProperties(new Schema<>().types(new TreeSet<>(Set.of("string", "null"))));
        return changes;
    }

    private static Schema<?> orNull(String name, String description) {
        Schema<Object> either = new Schema<>();
        either.setDescription(description);
        either.setOneOf(List.of(new Schema<>().$ref(name), ofType("null")));
        return either;
    }

    private static Schema<?> ofType(String type) {
        return new Schema<>().types(Set.of(type));
    }
}
