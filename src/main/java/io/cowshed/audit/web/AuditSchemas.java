package io.cowshed.audit.web;

import io.cowshed.http.NullableProperty;
import org.springdoc.core.customizers.OpenApiCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** What annotations cannot say of the schemas here: that an object may be null. */
@Configuration(proxyBeanMethods = false)
class AuditSchemas {

    @Bean
    OpenApiCustomizer nullsInFindings() {
        return api -> {
            NullableProperty.allow(api, "AuditFinding", "image");
            NullableProperty.allow(api, "AuditFinding", "outcome");
        };
    }
}
