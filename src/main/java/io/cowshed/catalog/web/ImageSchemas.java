package io.cowshed.catalog.web;

import io.cowshed.http.NullableProperty;
import io.swagger.v3.oas.models.media.Schema;
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
            api.getComponents().addSchemas("LabelChanges", labelChanges());
            NullableProperty.allow(api, "Image", "parent");
            NullableProperty.allow(api, "Image", "lease");
            NullableProperty.allow(api, "Image", "seed");
            NullableProperty.allow(api, "Lease", "beforeDelete");
        };
    }

    private static Schema<?> labelChanges() {
        Schema<?> changes = new Schema<>().types(Set.of("object"));
        changes.setDescription("Labels to set; a null value takes the label away.");
        changes.setAdditionalProperties(new Schema<>().types(new TreeSet<>(Set.of("string", "null"))));
        return changes;
    }
}
