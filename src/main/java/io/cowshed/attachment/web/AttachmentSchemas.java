package io.cowshed.attachment.web;

import io.cowshed.attachment.Outcome;
import io.cowshed.engine.posix.FileUse;
import io.swagger.v3.oas.models.media.Schema;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.springdoc.core.customizers.OpenApiCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** What annotations cannot say of the schemas here: that one of a few words, or an object, may be null. */
@Configuration(proxyBeanMethods = false)
class AttachmentSchemas {

    @Bean
    OpenApiCustomizer nullsInAttachments() {
        return api -> api.getComponents().getSchemas().computeIfPresent("Attachment", (_, attachment) -> {
            orNull(
                    attachment,
                    "qemu",
                    oneOf(Arrays.stream(FileUse.values()).map(FileUse::word).toList()));
            orNull(
                    attachment,
                    "outcome",
                    oneOf(Arrays.stream(Outcome.values()).map(Outcome::word).toList()));
            orNull(attachment, "drift", new Schema<>().$ref("Drift"));
            return attachment;
        });
    }

    private static void orNull(Schema<?> object, String property, Schema<?> schema) {
        Schema<Object> either = new Schema<>();
        either.setDescription(
                Objects.requireNonNull(object.getProperties().get(property)).getDescription());
        either.setOneOf(List.of(schema, new Schema<>().types(Set.of("null"))));
        object.addProperty(property, either);
    }

    private static Schema<?> oneOf(List<String> words) {
        Schema<Object> schema = new Schema<>();
        schema.setTypes(Set.of("string"));
        schema.setEnum(List.copyOf(words));
        return schema;
    }
}
