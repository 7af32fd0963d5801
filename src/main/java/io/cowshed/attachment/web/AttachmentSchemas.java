package io.cowshed.attachment.web;

import io.cowshed.attachment.Outcome;
import io.cowshed.engine.posix.FileUse;
import io.cowshed.http.NullableProperty;
import io.swagger.v3.oas.models.media.Schema;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.springdoc.core.customizers.OpenApiCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** What annotations cannot say of the schemas here: that one of a few words, or an object, may be null. */
@Configuration(proxyBeanMethods = false)
class AttachmentSchemas {

    @Bean
    OpenApiCustomizer nullsInAttachments() {
        return api -> {
            NullableProperty.allow(
                    api,
                    "Attachment",
                    "qemu",
                    oneOf(Arrays.stream(FileUse.values()).map(FileUse::word)));
            NullableProperty.allow(
                    api,
                    "Attachment",
                    "outcome",
                    oneOf(Arrays.stream(Outcome.values()).map(Outcome::word)));
            NullableProperty.allow(api, "Attachment", "drift", new Schema<>().$ref("Drift"));
        };
    }

    private static Schema<?> oneOf(Stream<String> words) {
        Schema<Object> schema = new Schema<>();
        schema.setTypes(Set.of("string"));
        schema.setEnum(List.copyOf(words.toList()));
        return schema;
    }
}
